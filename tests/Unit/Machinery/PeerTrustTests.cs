using System.Security.Cryptography.X509Certificates;
using Godwit.Machinery;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class PeerTrustTests
{
    private readonly FakeTimeProvider _clock = new(new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Whoever_is_refused_is_told_apart_by_the_reason()
    {
        using var ours = CertificateAuthority.Create("ours", TimeSpan.FromDays(7), _clock);
        using var theirs = CertificateAuthority.Create("theirs", TimeSpan.FromDays(7), _clock);
        using var good = Leaf(ours);
        using var foreign = Leaf(theirs);
        Refusal(good, ours).ShouldBeNull();
        Refusal(good, theirs, ours).ShouldBeNull();
        Refusal(null, ours).ShouldBe("showed no certificate");
        Refusal(foreign, ours).ShouldBe("showed a certificate that none of the authorities trusted here has signed");
        PeerTrust.Refusal(good, ours.CertificatePem, "other.test", _clock).ShouldBe("showed a certificate for CN=a.test, which does not carry the name other.test");
    }

    [Fact]
    public void A_clock_that_is_off_is_named_as_what_it_is()
    {
        using var authority = CertificateAuthority.Create("ours", TimeSpan.FromDays(7), _clock);
        using var leaf = Leaf(authority);
        _clock.Advance(TimeSpan.FromHours(25));
        Refusal(leaf, authority).ShouldBe(
            "showed a certificate that is valid from 2026-01-01 11:55:00Z to 2026-01-02 12:00:00Z, and here it is 2026-01-02 13:00:00Z: "
            + "compare the clocks; if they agree, its certificate was not renewed");
    }

    private static X509Certificate2 Leaf(CertificateAuthority authority) => X509Certificate2.CreateFromPem(
        authority.Issue(new LeafRequest("a.test") { DnsNames = ["a.test"], Server = true, Validity = TimeSpan.FromDays(1) }).CertificatePem);

    private string? Refusal(X509Certificate2? peer, params CertificateAuthority[] trusted) =>
        PeerTrust.Refusal(peer, string.Concat(trusted.Select(static authority => authority.CertificatePem)), "a.test", _clock);
}
