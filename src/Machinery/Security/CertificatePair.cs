using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Godwit.Machinery;

/// <summary>A certificate with its private key, both as PEM.</summary>
public sealed record CertificatePair(string CertificatePem, string KeyPem)
{
    /// <summary>What a Secret of type <c>kubernetes.io/tls</c> holds; null when a part is missing.</summary>
    /// <exception cref="FormatException">A part is not base64.</exception>
    public static CertificatePair? OfSecret(JsonObject? secret) =>
        secret.Text("data", "tls.crt") is { } certificate && secret.Text("data", "tls.key") is { } key
            ? new(Encoding.UTF8.GetString(Convert.FromBase64String(certificate)), Encoding.UTF8.GetString(Convert.FromBase64String(key)))
            : null;

    /// <summary>The certificate with its key, as TLS needs it. The caller disposes it.</summary>
    public X509Certificate2 Load() => X509Certificate2.CreateFromPem(CertificatePem, KeyPem);

    /// <summary>Says nothing of the key, so that a log cannot leak it.</summary>
    public override string ToString() => "certificate with key";
}
