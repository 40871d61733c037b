using Godwit.Tests.E2E.Support;
using Xunit;

namespace Godwit.Tests.E2E.Document;

/// <summary>Four small guests on one node.</summary>
public sealed class FourGuests(ClusterFixture cluster) : IAsyncLifetime
{
    public const string Namespace = "doc-four";
    private readonly List<Guest> _guests = [];

    internal IReadOnlyList<Guest> All => _guests;

    public async ValueTask InitializeAsync()
    {
        if (cluster.Lacking is not null)
        {
            return;
        }

        var other = cluster.Nodes[1];
        (await cluster.KubectlAsync(["cordon", other])).Ok();
        try
        {
            await Guest.EnsureNamespaceAsync(cluster, Namespace);
            _guests.AddRange(await Task.WhenAll(((string[])["a", "b", "c", "d"]).Select(name => SmallGuest.StartAsync(cluster, Namespace, name))));
        }
        finally
        {
            (await cluster.KubectlAsync(["uncordon", other])).Ok();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var guest in _guests)
        {
            await guest.DisposeAsync();
        }
    }
}
