using Godwit.Tests.E2E.Support;
using Xunit;

namespace Godwit.Tests.E2E.Document;

/// <summary>A guest that changes its memory faster than a slow migration can carry it away.</summary>
public sealed class BusyGuest(ClusterFixture cluster) : IAsyncLifetime
{
    private Guest? _guest;

    internal Guest Guest => _guest ?? throw new InvalidOperationException(cluster.Lacking ?? "the guest did not start");

    public async ValueTask InitializeAsync()
    {
        if (cluster.Lacking is null)
        {
            _guest = await SmallGuest.StartAsync(cluster, "doc-busy", "busy", "mg.mem=48 mg.hot=40 mg.rate=40 mg.full=1 mg.rand=1");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_guest is { } guest)
        {
            await guest.DisposeAsync();
        }
    }
}
