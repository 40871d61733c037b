using Godwit.LocalCluster.Kubelet;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Integration.Kubelet;

[Collection(NodeCollection.Name)]
public sealed class CleanupTests(NodeCluster cluster)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cluster_that_died_is_taken_off_the_machine_and_comes_back_as_after_a_power_cut()
    {
        await cluster.RunAsync("once", "sleep 1000");
        await cluster.RunAsync("ever", "sleep 1000", spec => spec["restartPolicy"] = "Always");
        var once = await cluster.ReadyAsync("once");
        await cluster.ReadyAsync("ever");
        await cluster.StopAsync();

        (await ClusterCleanup.RunAsync(cluster.Options, Token)).ShouldNotBeEmpty();

        (await cluster.Tools.RunAsync("ip", ["netns", "list"], Token)).ShouldNotContain("gwtest4-");
        (await cluster.Tools.RunAsync("ip", ["link", "show"], Token)).ShouldNotContain("gwtest4");
        HostMounts.Below(cluster.Options.StateDirectory).ShouldBeEmpty();
        Directory.Exists("/run/godwit/gwtest4").ShouldBeFalse();
        (await ClusterCleanup.RunAsync(cluster.Options, Token)).ShouldBeEmpty();

        await cluster.StartAsync();
        var failed = await cluster.PhaseAsync("once", "Failed");
        failed.Uid().ShouldBe(once.Uid());
        var ever = await cluster.WaitAsync(NodeCluster.Pods, NodeCluster.Key("ever"), p => NodeCluster.Container(p).Integer("restartCount") == 1);
        ever.Text("status", "phase").ShouldBe("Running");
        await cluster.DeleteAsync("once");
        await cluster.DeleteAsync("ever");
    }
}
