using System.Security.Cryptography.X509Certificates;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtApi.Serving;

/// <summary>Decides, purely, whether a certificate that the authority signs is good for now, and issues the next one when it is not.</summary>
public static class LeafPlan
{
    /// <summary>The certificate as it should be, for TLS servers and clients of these names.</summary>
    /// <param name="what">The certificate in words, for the log.</param>
    /// <param name="current">What there is; null when there is nothing that can be read.</param>
    /// <param name="signer">The authority that signs now.</param>
    /// <param name="names">DNS names that it must carry.</param>
    /// <param name="rotation">How long it lives.</param>
    /// <param name="clock">The time.</param>
    public static LeafDecision Decide(
        string what, CertificatePair? current, CertificatePair signer, IReadOnlyList<string> names, CertificateRotation rotation, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        using var authority = signer.Load();
        using var leaf = current?.Load();
        if (leaf is not null && Reason(leaf, authority, names, rotation, now) is not { } reason)
        {
            return new(current!, null, Due(leaf, authority, rotation));
        }

        using var issuer = CertificateAuthority.FromPem(signer, clock);
        var pair = issuer.Issue(new LeafRequest(names[0]) { DnsNames = names, Server = true, Client = true, Validity = rotation.ServerDuration });
        using var issued = pair.Load();
        var (why, isRepair) = leaf is null ? ("there was none", false) : Reason(leaf, authority, names, rotation, now)!.Value;
        return new(pair, new(what, CertificateAuthority.End(issued), why, isRepair), Due(issued, authority, rotation));
    }

    /// <summary>Whether a certificate comes from an authority, whatever the time.</summary>
    internal static bool IsSignedBy(X509Certificate2 leaf, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        return chain.Build(leaf);
    }

    /// <summary>Why a certificate cannot stay, and whether something had stopped working; null: it can.</summary>
    private static (string Why, bool IsRepair)? Reason(
        X509Certificate2 leaf, X509Certificate2 authority, IReadOnlyList<string> names, CertificateRotation rotation, DateTimeOffset now)
    {
        if (Lifetime.Fault(leaf, now) is { } fault)
        {
            return ($"the former one {fault}", true);
        }

        if (!IsSignedBy(leaf, authority))
        {
            return ("the authority was replaced", false);
        }

        if (names.FirstOrDefault(name => !leaf.MatchesHostname(name)) is { } missing)
        {
            return ($"the former one does not carry the name {missing}", false);
        }

        return now >= Due(leaf, authority, rotation) ? ($"the former one ends at {CertificateAuthority.End(leaf):u}", false) : null;
    }

    private static DateTimeOffset Due(X509Certificate2 leaf, X509Certificate2 authority, CertificateRotation rotation) =>
        // A new one could not live longer either; the next authority replaces it in time.
        CertificateAuthority.End(leaf) >= CertificateAuthority.End(authority)
            && CertificateAuthority.IssuedAt(leaf) + rotation.ServerDuration >= CertificateAuthority.End(authority)
            ? CertificateAuthority.End(leaf)
            : Lifetime.RenewalDue(leaf, rotation.ServerDuration, rotation.ServerRenewBefore);
}
