using Godwit.LocalCluster.Images;
using Godwit.LocalCluster.Kubelet;
using Godwit.LocalCluster.Objects;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.LocalCluster.Kubelet;

public sealed class KubeletPartsTests
{
    [Theory]
    [InlineData("$(A)/$(B)", "1/2")]
    [InlineData("$$(A) $(C) $A", "$(A) $(C) $A")]
    [InlineData("$(A", "$(A")]
    public void Variables_are_put_in_as_Kubernetes_does(string text, string expected) =>
        Expansion.Expand(text, new Dictionary<string, string> { ["A"] = "1", ["B"] = "2" }).ShouldBe(expected);

    [Fact]
    public void A_log_line_gives_time_stream_and_text()
    {
        var line = CriLogLine.TryParse("2026-11-23T04:16:58.906151860+00:00 stdout F hi there");
        line.ShouldNotBeNull();
        line.Value.Text.ShouldBe("hi there");
        line.Value.IsFull.ShouldBeTrue();
        line.Value.Stream.ShouldBe("stdout");
        CriLogLine.TryParse("2026-11-23T04:16:58.9+00:00 stderr P ").ShouldNotBeNull().IsFull.ShouldBeFalse();
        CriLogLine.TryParse("nonsense").ShouldBeNull();
    }

    [Theory]
    [InlineData("debian", "docker.io/library/debian:latest")]
    [InlineData("godwit/virt-launcher:0.1.0", "docker.io/godwit/virt-launcher:0.1.0")]
    [InlineData("registry:5000/a/b", "registry:5000/a/b:latest")]
    [InlineData("localhost/x@sha256:ab", "localhost/x@sha256:ab")]
    public void Names_of_images_have_one_full_form(string reference, string full) => ImageReference.Normalize(reference).ShouldBe(full);

    [Fact]
    public void Capabilities_are_added_to_and_dropped_from_the_default_set()
    {
        var available = OciSpec.DefaultCapabilities.Append("CAP_NET_ADMIN").ToList();
        OciSpec.CapabilitiesOf(false, ["NET_ADMIN", "SYS_RESOURCE"], ["MKNOD"], available).ShouldContain("CAP_NET_ADMIN");
        OciSpec.CapabilitiesOf(false, null, ["MKNOD"], available).ShouldNotContain("CAP_MKNOD");
        OciSpec.CapabilitiesOf(false, ["NET_ADMIN"], ["ALL"], available).ShouldBe(["CAP_NET_ADMIN"]);
        OciSpec.CapabilitiesOf(false, ["SYS_RESOURCE"], null, available).ShouldNotContain("CAP_SYS_RESOURCE");
        OciSpec.CapabilitiesOf(true, null, ["ALL"], available).ShouldBe(available);
    }

    [Fact]
    public void A_container_gets_its_limits_its_devices_and_no_others()
    {
        var spec = OciSpec.Build(new ContainerLaunch
        {
            Arguments = ["a"],
            Environment = [],
            WorkingDirectory = "/",
            RootPath = "/r",
            Hostname = "h",
            NetworkNamespacePath = "/n",
            CgroupsPath = "/g",
            CpuLimitMilli = 1500,
            CpuRequestMilli = 250,
            MemoryLimit = 1024,
            Devices = [new("/dev/net/tun", 'c', 10, 200)],
        });
        var resources = spec["linux"]!["resources"]!;
        ((long)resources["cpu"]!["quota"]!).ShouldBe(150_000);
        ((long)resources["cpu"]!["shares"]!).ShouldBe(256);
        ((long)resources["memory"]!["limit"]!).ShouldBe(1024);
        ((bool)resources["devices"]![0]!["allow"]!).ShouldBeFalse();
        resources["devices"]!.AsArray().ShouldContain(d => (long?)d!["major"] == 10 && (long?)d["minor"] == 200);
        spec["linux"]!["namespaces"]!.AsArray().Select(n => (string?)n!["type"]).ShouldNotContain("cgroup");
    }

    [Theory]
    [InlineData(null, null, "BestEffort")]
    [InlineData("1Gi", null, "Burstable")]
    [InlineData("1Gi", "1Gi", "Burstable")]
    public void The_quality_of_service_follows_requests_and_limits(string? request, string? limit, string expected)
    {
        var resources = new ResourceRequirements
        {
            Requests = request is null ? null : new() { ["memory"] = request },
            Limits = limit is null ? null : new() { ["memory"] = limit },
        };
        QosClass.Of(Pod(resources)).ShouldBe(expected);
    }

    [Fact]
    public void Equal_limits_of_both_resources_are_guaranteed() =>
        QosClass.Of(Pod(new() { Limits = new() { ["memory"] = "1Gi", ["cpu"] = "1" } })).ShouldBe("Guaranteed");

    [Fact]
    public void A_pod_learns_about_itself()
    {
        var pod = new Pod
        {
            Metadata = new() { Name = "p", Namespace = "n", Uid = "u", Labels = new() { ["b"] = "2", ["a"] = "x\"y" } },
            Spec = new() { Containers = [new() { Name = "c", Resources = new() { Limits = new() { ["memory"] = "3Mi" } } }] },
        };
        DownwardApi.Field(pod, "metadata.labels", null, "h").ShouldBe("a=\"x\\\"y\"\nb=\"2\"\n");
        DownwardApi.Field(pod, "metadata.labels['b']", null, "h").ShouldBe("2");
        DownwardApi.Field(pod, "status.podIP", "10.0.0.9", "h").ShouldBe("10.0.0.9");
        DownwardApi.Resource(pod, new() { Resource = "limits.memory", Divisor = "1Mi" }, "c", new Dictionary<string, string>()).ShouldBe("3");
        DownwardApi.Resource(pod, new() { Resource = "limits.cpu" }, "c", new Dictionary<string, string> { ["cpu"] = "2" }).ShouldBe("2");
    }

    [Fact]
    public void A_pod_without_a_cluster_DNS_resolves_as_its_machine_does()
    {
        ResolverConfig.Of(new Pod(), "# by hand\nnameserver 192.0.2.1\n").ShouldBe("nameserver 192.0.2.1\n");
        var own = new Pod { Spec = new() { DnsPolicy = "None", DnsConfig = new() { Nameservers = ["192.0.2.2"], Options = [new() { Name = "ndots", Value = "2" }] } } };
        ResolverConfig.Of(own, "nameserver 192.0.2.1\n").ShouldBe("nameserver 192.0.2.2\noptions ndots:2\n");
    }

    private static Pod Pod(ResourceRequirements resources) => new() { Spec = new() { Containers = [new() { Name = "c", Resources = resources }] } };
}
