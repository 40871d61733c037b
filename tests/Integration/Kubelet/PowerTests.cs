using System.Net;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Kubelet;
using Godwit.LocalCluster.Network;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Integration.Kubelet;

[Collection(NodeCollection.Name)]
public sealed class PowerTests(NodeCluster cluster)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_without_power_is_silent_and_empty_and_boots_with_its_disk()
    {
        await RunAsync("never", "node01", "Never");
        await RunAsync("always", "node01", "Always");
        await RunAsync("elsewhere", "node02", "Never");
        var never = await cluster.ReadyAsync("never");
        var always = await cluster.ReadyAsync("always");
        var elsewhere = await cluster.ReadyAsync("elsewhere");
        var paths = new KubeletPaths(cluster.Options.Name, cluster.Options.StateDirectory, "node01");
        HostMounts.Below(paths.NodeFolder).ShouldNotBeEmpty();

        await File.WriteAllTextAsync(paths.PowerOff, "", Token);

        await UntilAsync(async () => !(await NamespacesAsync()).Contains("gwtest4-node01", StringComparison.Ordinal), "the node's network to go");
        var namespaces = await NamespacesAsync();
        namespaces.ShouldNotContain(paths.PodNamespace(never.Uid()));
        namespaces.ShouldNotContain(paths.PodNamespace(always.Uid()));
        namespaces.ShouldContain(paths.PodNamespace(elsewhere.Uid()));
        HostMounts.Below(paths.NodeFolder).ShouldBeEmpty();
        Processes(paths.NodeFolder).ShouldBeEmpty();
        // Nobody says so to the API.
        foreach (var before in (JsonObject[])[never, always])
        {
            (await cluster.Api.GetAsync(NodeCluster.Pods, NodeCluster.Key(before.Name()), ct: Token)).ResourceVersion().ShouldBe(before.ResourceVersion());
        }

        File.Delete(paths.PowerOff);

        var failed = await cluster.PhaseAsync("never", "Failed");
        (failed.Uid(), NodeCluster.Container(failed).Text("state", "terminated", "reason")).ShouldBe((never.Uid(), "ContainerStatusUnknown"));
        await cluster.WaitAsync(NodeCluster.Pods, NodeCluster.Key("always"), p => NodeCluster.Container(p).Integer("restartCount") == 1 && NodeCluster.Condition(p, "Ready") == "True");
        (await cluster.ReadyAsync("elsewhere")).Uid().ShouldBe(elsewhere.Uid());
        foreach (var pod in (string[])["never", "always", "elsewhere"])
        {
            await cluster.DeleteAsync(pod, 0);
        }
        await UntilAsync(() => Task.FromResult(HostMounts.Below(paths.NodeFolder).Count == 0), "the pods' mounts to go");
        // Other tests' pods may still be on the node.
        await UntilAsync(
            () => Task.FromResult(((JsonObject[])[never, always]).All(pod => !Directory.Exists(Path.Combine(paths.Pods, pod.Uid())))), "the pods' folders to go");
    }

    [Fact]
    public async Task A_node_that_was_off_is_reached_by_its_neighbours_at_once_and_they_never_lose_the_host()
    {
        var paths = new KubeletPaths(cluster.Options.Name, cluster.Options.StateDirectory, "node02");
        var network = new ClusterNetwork(
            cluster.Options.Name, IPNetwork.Parse(cluster.Options.NodeCidr), IPNetwork.Parse(cluster.Options.PodCidr), cluster.Options.Nodes);
        var node = network.Place("node02").Address;
        await ReachAsync(node);
        await ReachAsync(network.Gateway);

        await File.WriteAllTextAsync(paths.PowerOff, "", Token);
        await UntilAsync(async () => !(await NamespacesAsync()).Contains("gwtest4-node02", StringComparison.Ordinal), "the node's network to go");
        await ReachAsync(network.Gateway);
        File.Delete(paths.PowerOff);
        await UntilAsync(
            async () => (await cluster.Tools.TryRunAsync("ip", ["-n", "gwtest4-node02", "route", "show", "default"], Token)).Output.Contains(
                network.Gateway.ToString(), StringComparison.Ordinal),
            "the node's network to come back");

        await ReachAsync(node);
        await ReachAsync(network.Gateway);
    }

    /// <summary>Something at the address answers a neighbour, be it that nobody listens.</summary>
    private async Task ReachAsync(IPAddress address)
    {
        var result = await cluster.Tools.TryRunAsync(
            "ip", ["netns", "exec", "gwtest4-node01", "timeout", "3", "bash", "-c", $"exec 3<>/dev/tcp/{address}/7"], Token);
        result.Error.ShouldContain("Connection refused", customMessage: $"{address} is not reached");
    }

    private Task RunAsync(string name, string node, string restart) => cluster.RunAsync(name, "sleep 1000", spec =>
    {
        spec["nodeName"] = node;
        spec["restartPolicy"] = restart;
        spec["volumes"] = JsonNode.Parse("""[{"name":"m","emptyDir":{"medium":"Memory"}}]""");
        spec["containers"]![0]!["volumeMounts"] = JsonNode.Parse("""[{"name":"m","mountPath":"/mnt"}]""");
    });

    private async Task<string> NamespacesAsync() => await cluster.Tools.RunAsync("ip", ["netns", "list"], Token);

    private static IEnumerable<string> Processes(string word) => Directory.EnumerateDirectories("/proc")
        .Where(folder => int.TryParse(Path.GetFileName(folder), out _))
        .Select(CommandLine)
        .Where(line => line.Contains(word, StringComparison.Ordinal));

    private static string CommandLine(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        using var deadline = new CancellationTokenSource(Limit);
        while (!await holds())
        {
            deadline.IsCancellationRequested.ShouldBeFalse($"waited {Limit.TotalSeconds:0} s for {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Token);
        }
    }
}
