using Godwit.Tests.E2E.Support;

namespace Godwit.Tests.E2E.Document;

/// <summary>Makes a drained node schedulable again, whatever has become of the test that drained it.</summary>
internal sealed class Reopened(ClusterFixture cluster, string node) : IAsyncDisposable
{
    public async ValueTask DisposeAsync() => (await cluster.KubectlAsync(["uncordon", node])).Ok();
}
