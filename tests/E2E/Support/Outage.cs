using Godwit.Cli.Host;
using Shouldly;

namespace Godwit.Tests.E2E.Support;

/// <summary>A node without power, until this is disposed of; then it takes guests again.</summary>
internal sealed class Outage : IAsyncDisposable
{
    private const string OutOfService = "node.kubernetes.io/out-of-service";
    private readonly PowerCluster _cluster;
    private readonly string _node;

    private Outage(PowerCluster cluster, string node) => (_cluster, _node) = (cluster, node);

    public static async Task<Outage> OfAsync(PowerCluster cluster, string node)
    {
        (await cluster.GodwitAsync(["node", "off", node])).Ok();
        return new(cluster, node);
    }

    /// <summary>What of the node still runs or is mounted, one line each.</summary>
    public IReadOnlyList<string> Remains =>
    [
        .. ProcessTable.Pids().Select(static pid => (Pid: pid, Line: Machine.CommandLine(pid)))
            .Where(p => p.Line.Contains($"/nodes/{_node}/", StringComparison.Ordinal) && p.Line.Contains(_cluster.State.Root, StringComparison.Ordinal))
            .Select(static p => $"process {p.Pid} {p.Line}"),
        .. Mounts.Below(Path.Combine(_cluster.State.Root, "nodes", _node)),
    ];

    /// <summary>Waits until the cluster has noticed.</summary>
    public async Task UntilNoticedAsync() =>
        (await _cluster.KubectlAsync(["wait", $"node/{_node}", "--for=condition=Ready=Unknown", "--timeout=30s"])).Ok();

    /// <summary>An administrator vouches that the node is off.</summary>
    public async Task VouchAsync() => (await _cluster.KubectlAsync(["taint", "node", _node, $"{OutOfService}=nodeshutdown:NoExecute"])).Ok();

    public async ValueTask DisposeAsync()
    {
        if (_cluster.State.IsOff(_node))
        {
            (await _cluster.GodwitAsync(["node", "on", _node])).Ok();
        }

        await _cluster.KubectlAsync(["taint", "node", _node, $"{OutOfService}-"]);
        (await _cluster.KubectlAsync(["wait", $"node/{_node}", "--for=condition=Ready", "--timeout=30s"])).Ok();
        (await _cluster.KubectlAsync(["get", "node", _node, "-o", "jsonpath={.spec.taints}"])).Ok().ShouldBeEmpty();
    }
}
