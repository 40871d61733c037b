using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Xunit;

namespace Godwit.Tests.E2E.Policies;

/// <summary>A guest that writes faster than a slow migration carries, and one that hardly writes.</summary>
public sealed class PolicyGuests(ClusterFixture cluster) : IAsyncLifetime
{
    public const string Namespace = "e2e-policies";
    private readonly List<Guest> _guests = [];

    internal Guest Busy => _guests[0];

    internal Guest Calm => _guests[1];

    public async ValueTask InitializeAsync()
    {
        if (cluster.Lacking is not null)
        {
            return;
        }

        await Guest.EnsureNamespaceAsync(cluster, Namespace);
        _guests.AddRange(await Task.WhenAll(
            SmallGuest.StartAsync(cluster, Namespace, "busy", "mg.mem=48 mg.hot=40 mg.rate=40 mg.full=1 mg.rand=1"),
            SmallGuest.StartAsync(cluster, Namespace, "calm", change: static vmi => vmi.Ensure("metadata", "labels")["tier"] = "gold")));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var guest in _guests)
        {
            await guest.DisposeAsync();
        }
    }
}
