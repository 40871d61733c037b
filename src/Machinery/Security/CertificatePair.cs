using System.Security.Cryptography.X509Certificates;

namespace Godwit.Machinery;

/// <summary>A certificate with its private key, both as PEM.</summary>
public sealed record CertificatePair(string CertificatePem, string KeyPem)
{
    /// <summary>The certificate with its key, as TLS needs it. The caller disposes it.</summary>
    public X509Certificate2 Load() => X509Certificate2.CreateFromPem(CertificatePem, KeyPem);

    /// <summary>Says nothing of the key, so that a log cannot leak it.</summary>
    public override string ToString() => "certificate with key";
}
