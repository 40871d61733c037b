using System.Security.Cryptography.X509Certificates;

namespace Godwit.Machinery;

/// <summary>Judges the other side of a TLS connection by our own authorities and a name, and by nothing else.</summary>
public static class PeerTrust
{
    /// <summary>Whether the certificate comes from one of the authorities (PEM) and carries the name.</summary>
    public static bool Accepts(X509Certificate? peer, string authorities, string name) => Refusal(peer, authorities, name, TimeProvider.System) is null;

    /// <summary>
    /// Why the certificate is not one for the name by one of the authorities (PEM), in words that follow "it" and say what to
    /// look at; null when it is one.
    /// </summary>
    public static string? Refusal(X509Certificate? peer, string authorities, string name, TimeProvider clock)
    {
        if (peer is null)
        {
            return "showed no certificate";
        }

        var certificate = Full(peer);
        var now = clock.GetUtcNow();
        if (now < CertificateAuthority.Begin(certificate) || now > CertificateAuthority.End(certificate))
        {
            return $"showed a certificate that is valid from {CertificateAuthority.Begin(certificate):u} to {CertificateAuthority.End(certificate):u}, "
                + $"and here it is {now:u}: compare the clocks; if they agree, its certificate was not renewed";
        }

        if (!Chains(certificate, authorities, now))
        {
            return "showed a certificate that none of the authorities trusted here has signed";
        }

        return certificate.MatchesHostname(name) ? null : $"showed a certificate for {certificate.Subject}, which does not carry the name {name}";
    }

    /// <summary>Whether the certificate comes from one of the authorities (PEM).</summary>
    public static bool Chains(X509Certificate peer, string authorities) => Chains(Full(peer), authorities, TimeProvider.System.GetUtcNow());

    private static bool Chains(X509Certificate2 peer, string authorities, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(authorities);
        return chain.Build(peer);
    }

    private static X509Certificate2 Full(X509Certificate peer) => peer as X509Certificate2 ?? new X509Certificate2(peer);
}
