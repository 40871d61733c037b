using System.Security.Cryptography.X509Certificates;

namespace Godwit.Machinery;

/// <summary>Judges the other side of a TLS connection by our own authorities and a name, and by nothing else.</summary>
public static class PeerTrust
{
    /// <summary>Whether the certificate comes from one of the authorities (PEM) and carries the name.</summary>
    public static bool Accepts(X509Certificate? peer, string authorities, string name) =>
        peer is not null && Chains(peer, authorities) && new X509Certificate2(peer).MatchesHostname(name);

    /// <summary>Whether the certificate comes from one of the authorities (PEM).</summary>
    public static bool Chains(X509Certificate peer, string authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(authorities);
        return chain.Build(peer as X509Certificate2 ?? new X509Certificate2(peer));
    }
}
