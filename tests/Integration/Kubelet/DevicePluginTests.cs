using System.Text.Json.Nodes;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Integration.Kubelet;

/// <summary>virt-handler's device plug-in and the local cluster's kubelet, over their sockets.</summary>
[Collection(NodeCollection.Name)]
public sealed class DevicePluginTests(NodeCluster cluster)
{
    private NamespacedName Node => NamespacedName.Cluster(cluster.Options.Nodes[0]);

    [Fact]
    public async Task A_container_gets_the_device_that_it_asks_for_and_may_use_it_as_any_user()
    {
        await using var plugin = await RunningPlugin.StartAsync(cluster);
        await OfferedAsync(capacity: 10, allocatable: 10);
        await cluster.RunAsync("user", $"id -u; stat -c '%t:%T %a' {plugin.Device}; echo gone > {plugin.Device} && echo written", spec =>
        {
            Ask(spec, 1);
            spec["containers"]![0]!["securityContext"] = JsonNode.Parse("""{"runAsUser":1234}""");
        });
        await cluster.PhaseAsync("user", "Succeeded");
        (await cluster.LogAsync("user")).ShouldBe("1234\n1:3 666\nwritten\n");
    }

    [Fact]
    public async Task A_device_that_disappears_is_given_to_nobody_until_it_is_back()
    {
        await using var plugin = await RunningPlugin.StartAsync(cluster);
        await OfferedAsync(capacity: 10, allocatable: 10);
        plugin.PullOut();
        await OfferedAsync(capacity: 10, allocatable: 0);
        await cluster.RunAsync("waits", "true", spec => Ask(spec, 1));
        var pod = await cluster.WaitAsync(NodeCluster.Pods, NodeCluster.Key("waits"), p => NodeCluster.Condition(p, "PodScheduled") == "False");
        pod.At("status", "conditions")![0].Text("message").ShouldNotBeNull().ShouldContain($"2 Insufficient {RunningPlugin.Resource}");
        await plugin.PlugInAsync();
        await OfferedAsync(capacity: 10, allocatable: 10);
        await cluster.PhaseAsync("waits", "Succeeded");
    }

    [Fact]
    public async Task A_plug_in_that_ends_leaves_its_capacity_but_nothing_to_give_away_and_no_socket()
    {
        await using var plugin = await RunningPlugin.StartAsync(cluster);
        await OfferedAsync(capacity: 10, allocatable: 10);
        await plugin.StopAsync();
        await OfferedAsync(capacity: 10, allocatable: 0);
        Directory.EnumerateFiles(plugin.Sockets).Select(Path.GetFileName).ShouldBe(["kubelet.sock"]);
    }

    [Fact]
    public async Task What_was_given_stays_given_while_the_kubelet_is_started_again_and_is_free_when_the_pod_has_ended()
    {
        await using var plugin = await RunningPlugin.StartAsync(cluster);
        await OfferedAsync(capacity: 10, allocatable: 10);
        await cluster.RunAsync("keeps", "sleep 1000", spec => Ask(spec, 7));
        await cluster.ReadyAsync("keeps");
        await cluster.StopAsync();
        await cluster.StartAsync();
        await OfferedAsync(capacity: 10, allocatable: 10);
        (await cluster.Api.GetAsync(NodeCluster.Pods, NodeCluster.Key("keeps"), ct: TestContext.Current.CancellationToken)).Text("status", "phase").ShouldBe("Running");
        Given(plugin).ShouldBe(7);
        await cluster.DeleteAsync("keeps");
        Given(plugin).ShouldBe(0);
        await cluster.RunAsync("next", "true", spec => Ask(spec, 7));
        await cluster.PhaseAsync("next", "Succeeded");
    }

    private static void Ask(JsonObject spec, int count) =>
        spec["containers"]![0]!["resources"] = new JsonObject { ["limits"] = new JsonObject { [RunningPlugin.Resource] = $"{count}" } };

    private static int Given(RunningPlugin plugin) =>
        JsonNode.Parse(File.ReadAllText(plugin.Checkpoint)).At("allocations")!.AsArray().Sum(a => a.At("deviceIds")!.AsArray().Count);

    private Task OfferedAsync(int capacity, int allocatable) => cluster.WaitAsync(NodeCluster.Nodes, Node, node =>
        node.Text("status", "capacity", RunningPlugin.Resource) == $"{capacity}" && node.Text("status", "allocatable", RunningPlugin.Resource) == $"{allocatable}");
}
