using System.Security.Cryptography.X509Certificates;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtApi.Serving;

/// <summary>
/// Decides, purely, what certificates there should be now. The next authority is first only trusted. It signs once everybody has
/// had time to learn of it and the API server is known to have; the former one stays trusted until it ends, and as nothing outlives
/// its authority, nothing that it signed is ever refused before its own end.
/// </summary>
public static class CertificatePlan
{
    private const string AuthorityName = "the authority";
    private const string NextName = "the next authority";

    /// <summary>A longer introduction helps nobody: who has not heard of an authority by then is cut off from the API server.</summary>
    private static readonly TimeSpan LongestIntroduction = TimeSpan.FromMinutes(10);

    /// <summary>The certificates as they should be.</summary>
    /// <param name="current">What the Secret holds; null when there is nothing that can be read.</param>
    /// <param name="names">DNS names of virt-api.</param>
    /// <param name="rotation">How long certificates live.</param>
    /// <param name="isTrusted">Whether all that is to trust the bundle has been written.</param>
    /// <param name="clock">The time.</param>
    public static CertificateDecision Decide(
        CertificateMaterial? current, IReadOnlyList<string> names, CertificateRotation rotation, bool isTrusted, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        var changes = new List<CertificateChange>();
        var (authority, next) = current is null
            ? (Create(AuthorityName, rotation, clock, "there was none that could be read", false, changes), null)
            : Repair(current, rotation, clock, changes);
        (authority, next) = Succeed(authority, next, rotation, isTrusted, clock, changes);
        var leaf = LeafPlan.Decide("virt-api's certificate", current?.Serving, authority, names, rotation, clock);
        if (leaf.Change is not null)
        {
            changes.Add(leaf.Change);
        }

        var (bundle, firstEnd) = Bundle(authority, next, current?.TrustBundle ?? "", now);
        var material = new CertificateMaterial(authority, next, bundle, leaf.Pair);
        var again = Lifetime.Pause(now, AuthorityDue(authority, next, rotation), leaf.Due, firstEnd);
        return new(material == current ? current : material, changes, again);
    }

    /// <summary>Replaces an authority that does not work any more, or not yet: nothing that it signed can be in use.</summary>
    private static (CertificatePair Authority, CertificatePair? Next) Repair(
        CertificateMaterial current, CertificateRotation rotation, TimeProvider clock, List<CertificateChange> changes)
    {
        var now = clock.GetUtcNow();
        using var authority = current.Authority.Load();
        using var next = current.Next?.Load();
        var usable = next is not null && Lifetime.Fault(next, now) is null ? current.Next : null;
        if (Lifetime.Fault(authority, now) is not { } fault)
        {
            return (current.Authority, usable);
        }

        if (usable is null)
        {
            return (Create(AuthorityName, rotation, clock, $"the former one {fault}", isRepair: true, changes), null);
        }

        changes.Add(new(NextName, CertificateAuthority.End(next!), $"it signs from now on, as the former one {fault}", IsRepair: true));
        return (usable, null);
    }

    private static (CertificatePair Authority, CertificatePair? Next) Succeed(
        CertificatePair current, CertificatePair? following, CertificateRotation rotation, bool isTrusted, TimeProvider clock, List<CertificateChange> changes)
    {
        var now = clock.GetUtcNow();
        using var authority = current.Load();
        if (following is null)
        {
            return now < Lifetime.RenewalDue(authority, rotation.CaDuration, rotation.CaRenewBefore)
                ? (current, null)
                : (current, Create(NextName, rotation, clock, $"the present one ends at {CertificateAuthority.End(authority):u}", isRepair: false, changes));
        }

        using var next = following.Load();
        if (!isTrusted || now < IntroducedAt(authority, next, rotation))
        {
            return (current, following);
        }

        changes.Add(new(NextName, CertificateAuthority.End(next), "it signs from now on, everybody knows it", IsRepair: false));
        return (following, null);
    }

    private static DateTimeOffset AuthorityDue(CertificatePair current, CertificatePair? following, CertificateRotation rotation)
    {
        using var authority = current.Load();
        using var next = following?.Load();
        return next is null
            ? Lifetime.RenewalDue(authority, rotation.CaDuration, rotation.CaRenewBefore)
            : IntroducedAt(authority, next, rotation);
    }

    /// <summary>
    /// From when on the next authority may sign. The present one must not end before, so where settings were changed meanwhile its
    /// end decides.
    /// </summary>
    private static DateTimeOffset IntroducedAt(X509Certificate2 authority, X509Certificate2 next, CertificateRotation rotation)
    {
        var issued = CertificateAuthority.IssuedAt(next);
        TimeSpan[] limits = [LongestIntroduction, rotation.CaRenewBefore / 4, (CertificateAuthority.End(authority) - issued) / 2];
        return issued + limits.Min() + Lifetime.Rounding;
    }

    /// <summary>The authorities to trust, newest first, and when the first of them ends.</summary>
    private static (string Pem, DateTimeOffset FirstEnd) Bundle(CertificatePair authority, CertificatePair? next, string before, DateTimeOffset now)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem($"{next?.CertificatePem}{authority.CertificatePem}{before}");
        try
        {
            var kept = all.Where(certificate => now <= CertificateAuthority.End(certificate)).DistinctBy(static certificate => certificate.Thumbprint).ToList();
            return (string.Concat(kept.Select(static certificate => certificate.ExportCertificatePem() + "\n")), kept.Min(CertificateAuthority.End));
        }
        finally
        {
            foreach (var certificate in all)
            {
                certificate.Dispose();
            }
        }
    }

    private static CertificatePair Create(
        string what, CertificateRotation rotation, TimeProvider clock, string why, bool isRepair, List<CertificateChange> changes)
    {
        using var made = CertificateAuthority.Create("kubevirt.io", rotation.CaDuration, clock);
        changes.Add(new(what, made.NotAfter, why, isRepair));
        return made.Pair;
    }
}
