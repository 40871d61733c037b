using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Network;
using Godwit.VirtHandler.Node;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler;

public sealed class HostTests
{
    [Fact]
    public void Links_are_followed_within_the_root()
    {
        var root = Directory.CreateTempSubdirectory("godwit-test-").FullName;
        try
        {
            Directory.CreateDirectory($"{root}/run/godwit");
            Directory.CreateDirectory($"{root}/var");
            File.CreateSymbolicLink($"{root}/var/run", "/run");
            File.CreateSymbolicLink($"{root}/run/godwit/evil", "/etc/shadow");
            File.CreateSymbolicLink($"{root}/run/godwit/up", "../../../../etc/passwd");
            File.CreateSymbolicLink($"{root}/loop", "/loop");

            RootedPath.Resolve(root, "/var/run/godwit/x").ShouldBe($"{root}/run/godwit/x");
            RootedPath.Resolve(root, "/var/run/godwit/evil").ShouldBe($"{root}/etc/shadow");
            RootedPath.Resolve(root, "/run/godwit/up").ShouldBe($"{root}/etc/passwd");
            RootedPath.Resolve(root, "/../../etc").ShouldBe($"{root}/etc");
            Should.Throw<IOException>(() => RootedPath.Resolve(root, "/loop"));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public void A_pods_volume_is_known_by_the_kubelets_name_for_it()
    {
        const string mounts = """
            22 1 0:21 / / rw - overlay overlay rw
            90 22 0:30 /var/lib/kubelet/pods/u-1/volumes/kubernetes.io~empty-dir/godwit /run/godwit rw - ext4 /dev/vda rw
            """;

        MountTable.ShowsVolume(mounts, "u-1", "godwit").ShouldBeTrue();
        MountTable.ShowsVolume(mounts, "u-2", "godwit").ShouldBeFalse();
        MountTable.ShowsVolume(mounts, "u-1", "other").ShouldBeFalse();
        MountTable.ShowsVolume(mounts, "u-1", "godwit", "/run/godwit").ShouldBeTrue();
        MountTable.ShowsVolume(mounts, "u-1", "godwit", "/run").ShouldBeFalse();
        MountTable.IsMountPoint(mounts, "/run/godwit").ShouldBeTrue();
        MountTable.IsMountPoint(mounts, "/run").ShouldBeFalse();
    }

    [Fact]
    public void A_start_time_is_read_behind_any_command_name() =>
        MountTable.StartTime("12 (a b) c)) S 1 12 12 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 0 0").ShouldBe(4711);

    [Fact]
    public void A_UDP_listener_is_found_by_its_port()
    {
        const string table = """
              sl  local_address rem_address   st tx_queue rx_queue
             100: 00000000:0043 00000000:0000 07 00000000:00000000
            """;

        UdpTable.HasListener(table, 67).ShouldBeTrue();
        UdpTable.HasListener(table, 53).ShouldBeFalse();
    }

    [Fact]
    public void A_node_is_labelled_with_what_its_QEMU_offers_and_loses_what_it_no_longer_does()
    {
        var present = new Dictionary<string, string> { ["kubernetes.io/os"] = "linux", ["cpu-model.node.kubevirt.io/Gone"] = "true", ["kubevirt.io/schedulable"] = "true" };

        var patch = NodeLabels.Patch(present, Given.NodeFacts.Capabilities, Given.Now);

        patch.ToJsonString().ShouldBe(
            """{"metadata":{"annotations":{"kubevirt.io/heartbeat":"2026-01-02T03:04:05Z"},"labels":{"cpu-model.node.kubevirt.io/Gone":null,"cpu-model-migration.node.kubevirt.io/Nehalem":"true","cpu-model-migration.node.kubevirt.io/Westmere":"true","cpu-model-migration.node.kubevirt.io/qemu64":"true","cpu-model.node.kubevirt.io/Nehalem":"true","cpu-model.node.kubevirt.io/Westmere":"true","cpu-model.node.kubevirt.io/qemu64":"true","host-model-cpu.node.kubevirt.io/Westmere":"true","machine-type.node.kubevirt.io/pc-q35-10.0":"true","machine-type.node.kubevirt.io/pc-q35-9.2":"true","machine-type.node.kubevirt.io/q35":"true"}}}""");
    }

    [Fact]
    public void A_node_without_a_usable_QEMU_is_not_schedulable() =>
        NodeLabels.Patch(null, null, Given.Now)["metadata"]!["labels"]!.ToJsonString().ShouldBe("""{"kubevirt.io/schedulable":"false"}""");
}
