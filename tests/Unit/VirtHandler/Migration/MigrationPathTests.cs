using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

/// <summary>Over which network a migration goes.</summary>
public sealed class MigrationPathTests
{
    private static readonly PodEnd Plain = new("10.0.1.1", ["10.0.1.1"], null);
    private static readonly PodEnd Wired = new("10.0.2.2", ["10.0.2.2"], new("kubevirt/fast", "192.168.7.2"));
    private static readonly PodEnd Elsewhere = new("10.0.3.3", ["10.0.3.3"], new("kubevirt/slow", "192.168.8.3"));

    [Fact]
    public void It_goes_over_the_network_that_is_set_when_both_pods_are_on_it() =>
        MigrationPath.Decide("fast", Wired with { Ip = "10.0.9.9" }, Wired).ShouldBe(new MigrationPath("192.168.7.2", null));

    [Fact]
    public void Without_the_setting_it_goes_over_the_pod_network_whatever_the_pods_have()
    {
        MigrationPath.Decide(null, Wired, Wired).ShouldBe(new MigrationPath("10.0.2.2", "10.0.2.2"));
        MigrationPath.Decide("", Plain, Wired).ShouldBe(new MigrationPath("10.0.2.2", "10.0.1.1"));
    }

    [Fact]
    public void A_pod_that_is_not_on_it_makes_it_go_over_the_pod_network_with_a_word()
    {
        Warning(Plain, Wired, "10.0.2.2").ShouldContain("the source pod has no interface on it, it was started before the network was set");
        Warning(Wired, Plain, "10.0.1.1").ShouldContain("the target pod has no interface on it");
        Warning(Wired, Elsewhere, "10.0.3.3").ShouldContain("the source pod is on kubevirt/fast, the target pod on kubevirt/slow");
    }

    [Theory]
    [InlineData("""[{"name":"c","interface":"eth0","ips":["10.0.0.1"]},{"name":"kubevirt/fast","interface":"migration0","ips":["192.168.7.2"]}]""", "192.168.7.2")]
    [InlineData("""[{"name":"kubevirt/fast","interface":"migration0","ips":["fe80::1","fd00::2"]}]""", "fd00::2")]
    [InlineData("""[{"name":"kubevirt/fast","interface":"migration0","ips":["127.0.0.1","169.254.1.1","224.0.0.1","0.0.0.0","::1"]}]""", null)]
    [InlineData("""[{"name":"kubevirt/fast","interface":"net1","ips":["192.168.7.2"]}]""", null)]
    [InlineData("""[{"name":"kubevirt/fast","interface":"migration0"}]""", null)]
    [InlineData("""[{"interface":"migration0","ips":["192.168.7.2"]}]""", null)]
    [InlineData("{}", null)]
    [InlineData("[1]", null)]
    [InlineData("not json", null)]
    [InlineData("", null)]
    public void The_address_is_the_first_that_others_can_reach_on_the_interface_for_migrations(string status, string? address) =>
        DedicatedAddress.Of(new Dictionary<string, string> { ["k8s.v1.cni.cncf.io/network-status"] = status })
            .ShouldBe(address is null ? null : new DedicatedAddress("kubevirt/fast", address));

    [Fact]
    public void A_pod_without_the_annotation_has_no_such_address() => DedicatedAddress.Of(null).ShouldBeNull();

    private static string Warning(PodEnd source, PodEnd target, string address)
    {
        var path = MigrationPath.Decide("fast", source, target);
        (path.Address, path.Source).ShouldBe((address, source.Ip));
        return path.Warning.ShouldNotBeNull();
    }
}
