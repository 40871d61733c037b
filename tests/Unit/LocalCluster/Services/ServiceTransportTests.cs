using System.Text;
using Godwit.LocalCluster.Services;
using Godwit.Machinery;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Services;

public sealed class ServiceTransportTests
{
    [Fact]
    public void Pools_of_bundles_that_are_no_longer_asked_for_go_away_when_another_comes()
    {
        var clock = new FakeTimeProvider();
        using var transport = new ServiceTransport(new ServiceResolver(null!), time: clock);
        var kept = Bundle();
        var pool = transport.Pool(kept);
        for (var i = 0; i < 10; i++)
        {
            transport.Pool(Bundle());
            clock.Advance(TimeSpan.FromMinutes(1.5));
            transport.Pool(kept).ShouldBeSameAs(pool);
        }

        transport.Count.ShouldBe(3);
    }

    private static string Bundle()
    {
        using var authority = CertificateAuthority.Create("a", TimeSpan.FromDays(1));
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(authority.CertificatePem));
    }
}
