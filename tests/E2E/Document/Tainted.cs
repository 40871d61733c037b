using Godwit.Tests.E2E.Support;

namespace Godwit.Tests.E2E.Document;

/// <summary>A node with a taint, written as <c>kubectl taint</c> has it, until it is disposed of.</summary>
internal sealed class Tainted : IAsyncDisposable
{
    private readonly ClusterFixture _cluster;
    private readonly string _node;
    private readonly string _key;

    private Tainted(ClusterFixture cluster, string node, string key)
    {
        _cluster = cluster;
        _node = node;
        _key = key;
    }

    public static async Task<Tainted> ByAsync(ClusterFixture cluster, string node, string taint)
    {
        (await cluster.KubectlAsync(["taint", "nodes", node, taint])).Ok();
        return new(cluster, node, taint.Split('=', ':')[0]);
    }

    public async ValueTask DisposeAsync() => (await _cluster.KubectlAsync(["taint", "nodes", _node, $"{_key}-"])).Ok();
}
