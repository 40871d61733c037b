using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class LauncherSecurityTests
{
    private const string Claims = """
        [{"name":"data","persistentVolumeClaim":{"claimName":"shared"}},{"name":"tmp","emptyDisk":{"capacity":"1Gi"}},
         {"name":"seed","cloudInitNoCloud":{"userData":"#cloud-config"}}]
        """;

    private const string Images = """[{"name":"root","containerDisk":{"image":"fedora:40"}}]""";

    private const string Host = """[{"name":"host","hostDisk":{"path":"/data/d.img","type":"DiskOrCreate","capacity":"1Gi"}}]""";

    [Fact]
    public void A_launcher_pod_keeps_to_the_standard_restricted_at_both_ends_of_a_migration()
    {
        foreach (var pod in Pods(Claims))
        {
            PodSecurity.Restricted(pod).ShouldBeEmpty();
        }
    }

    [Fact]
    public void With_disks_out_of_images_it_keeps_to_baseline_for_restricted_knows_no_image_volumes()
    {
        foreach (var pod in Pods(Images))
        {
            PodSecurity.Baseline(pod).ShouldBeEmpty();
            PodSecurity.Restricted(pod).ShouldBe(["restrictedVolumes: root"]);
        }
    }

    [Fact]
    public void Where_they_come_by_sidecars_it_keeps_to_restricted_with_disks_out_of_images_too()
    {
        foreach (var pod in Pods(Images, ContainerDiskMethod.Sidecar))
        {
            pod.At("spec", "initContainers").ShouldNotBeNull();
            PodSecurity.Restricted(pod).ShouldBeEmpty();
        }
    }

    [Fact]
    public void Only_a_disk_that_is_the_nodes_own_needs_more() =>
        PodSecurity.Baseline(Pods(Host)[0]).ShouldBe(["hostPathVolumes: host"]);

    [Fact]
    public void All_of_it_runs_as_107_and_what_claims_hold_is_that_groups()
    {
        var context = Pods(Claims)[0].At("spec", "securityContext");
        (context.Integer("runAsUser"), context.Integer("runAsGroup"), context.Integer("fsGroup")).ShouldBe((107, 107, 107));
    }

    private static JsonObject[] Pods(string volumes, ContainerDiskMethod disks = ContainerDiskMethod.ImageVolume)
    {
        var vmi = Given.RunningVmi();
        vmi = vmi with
        {
            Spec = vmi.Spec! with
            {
                Domain = vmi.Spec.Domain! with { Firmware = null },
                Volumes = [.. JsonNode.Parse(volumes)!.AsArray().Select(volume => volume.Deserialize(TypesJson.Default.Volume)!)],
            },
        };
        return
        [
            .. new[]
            {
                LauncherPod.ForStart(vmi, Given.Cluster, Given.Image, new() { ContainerDisks = disks }),
                LauncherPod.ForMigration(vmi, Given.Migration(), Given.Cluster, Given.Image, sourceNode: null, userfaultfd: true, storage: new() { ContainerDisks = disks }),
            }.Select(pod => JsonSerializer.SerializeToNode(pod, TypesJson.Default.Pod)!.AsObject()),
        ];
    }
}
