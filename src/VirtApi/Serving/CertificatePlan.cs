using System.Security.Cryptography.X509Certificates;
using Godwit.Machinery;

namespace Godwit.VirtApi.Serving;

/// <summary>
/// Decides, purely, what certificates there should be now. A new authority is first only trusted, and signs the serving certificate
/// once everyone has had time to learn of it; its predecessor stays trusted until the serving certificate no longer comes from it.
/// </summary>
public static class CertificatePlan
{
    public static readonly TimeSpan AuthorityValidity = TimeSpan.FromDays(365);
    public static readonly TimeSpan ServingValidity = TimeSpan.FromDays(30);

    /// <summary>How long a new authority is trusted before it is used.</summary>
    public static readonly TimeSpan Introduction = TimeSpan.FromMinutes(10);

    /// <summary>The certificates as they should be: the very same object when nothing is to be done.</summary>
    public static CertificateMaterial Decide(CertificateMaterial? current, IReadOnlyList<string> names, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        if (current is null)
        {
            return Fresh(names, clock);
        }

        using var authority = current.Authority.Load();
        using var serving = current.Serving.Load();
        if (Left(authority, now) <= TimeSpan.Zero || Left(serving, now) <= TimeSpan.Zero)
        {
            // Nothing that is in use works any more, so nothing needs to be kept working.
            return Fresh(names, clock);
        }

        if (Left(authority, now) < AuthorityValidity / 5)
        {
            using var next = CertificateAuthority.Create("kubevirt.io", AuthorityValidity, clock);
            return current with { Authority = next.Pair, TrustBundle = next.CertificatePem + current.Authority.CertificatePem };
        }

        var signedByOther = !IsSignedBy(serving, authority);
        if ((IsIntroduced(authority, now) && (signedByOther || Left(serving, now) < ServingValidity / 3)) || !names.All(name => serving.MatchesHostname(name)))
        {
            using var signer = CertificateAuthority.FromPem(current.Authority, clock);
            // Clients may still hold the old serving certificate in open connections only, which are not checked again.
            return current with { Serving = Issue(signer, names) };
        }

        return current;
    }

    /// <summary>Whether a certificate that others serve with needs no renewal yet.</summary>
    public static bool IsGood(CertificatePair? current, CertificateMaterial material, IReadOnlyList<string> names, TimeProvider clock)
    {
        if (current is null)
        {
            return false;
        }

        using var authority = material.Authority.Load();
        using var leaf = current.Load();
        return Left(leaf, clock.GetUtcNow()) > ServingValidity / 3
            && PeerTrust.Chains(leaf, material.TrustBundle)
            && (IsSignedBy(leaf, authority) || !IsIntroduced(authority, clock.GetUtcNow()))
            && names.All(name => leaf.MatchesHostname(name));
    }

    /// <summary>When to decide again.</summary>
    public static TimeSpan CheckAfter { get; } = TimeSpan.FromMinutes(15);

    private static CertificateMaterial Fresh(IReadOnlyList<string> names, TimeProvider clock)
    {
        using var authority = CertificateAuthority.Create("kubevirt.io", AuthorityValidity, clock);
        return new(authority.Pair, authority.CertificatePem, Issue(authority, names));
    }

    /// <summary>A certificate for TLS servers and clients of these names.</summary>
    public static CertificatePair Issue(CertificateAuthority authority, IReadOnlyList<string> names) =>
        authority.Issue(new LeafRequest(names[0]) { DnsNames = names, Server = true, Client = true, Validity = ServingValidity });

    private static bool IsSignedBy(X509Certificate2 leaf, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        return chain.Build(leaf);
    }

    private static bool IsIntroduced(X509Certificate2 authority, DateTimeOffset now) =>
        now - new DateTimeOffset(authority.NotBefore.ToUniversalTime(), TimeSpan.Zero) > Introduction;

    private static TimeSpan Left(X509Certificate2 certificate, DateTimeOffset now) =>
        new DateTimeOffset(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero) - now;
}
