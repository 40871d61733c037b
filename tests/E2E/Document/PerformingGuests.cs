using Godwit.Tests.E2E.Support;
using Xunit;

namespace Godwit.Tests.E2E.Document;

/// <summary>One guest for each kind of claim that the document tells apart.</summary>
public sealed class PerformingGuests(ClusterFixture cluster) : IAsyncLifetime
{
    public const string Namespace = "doc-performing";
    private readonly List<Guest> _guests = [];

    /// <summary>Its only disk is on a shared claim.</summary>
    internal Guest Shared => _guests[0];

    /// <summary>Its disk is on a claim that one node may mount.</summary>
    internal Guest Unshared => _guests[1];

    public async ValueTask InitializeAsync()
    {
        if (cluster.Lacking is not null)
        {
            return;
        }

        var shared = await SmallGuest.OnClaimAsync(cluster, Namespace, "shared", "ReadWriteMany");
        var unshared = await SmallGuest.OnClaimAsync(cluster, Namespace, "unshared", "ReadWriteOnce");
        _guests.AddRange(await Task.WhenAll(
            SmallGuest.StartAsync(cluster, Namespace, "on-shared", change: shared),
            SmallGuest.StartAsync(cluster, Namespace, "on-unshared", change: unshared, migratable: false)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var guest in _guests)
        {
            await guest.DisposeAsync();
        }
    }
}
