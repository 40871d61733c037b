using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.VirtApi.Serving;

/// <summary>What the certificate Secret holds: the authority, what others are to trust, and the serving certificate.</summary>
/// <param name="Authority">Signs the serving certificate; the newest if there are two.</param>
/// <param name="TrustBundle">Authorities that may have signed what is in use: the newest first, its predecessor for a while.</param>
/// <param name="Serving">The serving certificate with its key.</param>
public sealed record CertificateMaterial(CertificatePair Authority, string TrustBundle, CertificatePair Serving)
{
    private const string AuthorityCertificate = "authority.crt";
    private const string AuthorityKey = "authority.key";
    private const string Bundle = "ca.crt";
    private const string ServingCertificate = "tls.crt";
    private const string ServingKey = "tls.key";

    /// <summary>Reads a Secret's data; null when a part is missing or cannot be read, so that all is made anew.</summary>
    public static CertificateMaterial? Read(JsonNode? secret)
    {
        try
        {
            if (Text(secret, AuthorityCertificate) is not { } authority || Text(secret, AuthorityKey) is not { } authorityKey
                || Text(secret, Bundle) is not { } bundle
                || Text(secret, ServingCertificate) is not { } serving || Text(secret, ServingKey) is not { } servingKey)
            {
                return null;
            }

            var material = new CertificateMaterial(new(authority, authorityKey), bundle, new(serving, servingKey));
            // A certificate that does not belong to its key shows only when both are loaded.
            material.Authority.Load().Dispose();
            material.Serving.Load().Dispose();
            return material;
        }
        catch (Exception e) when (e is FormatException or CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The Secret's data.</summary>
    public JsonObject ToData() => new()
    {
        [AuthorityCertificate] = Encode(Authority.CertificatePem),
        [AuthorityKey] = Encode(Authority.KeyPem),
        [Bundle] = Encode(TrustBundle),
        [ServingCertificate] = Encode(Serving.CertificatePem),
        [ServingKey] = Encode(Serving.KeyPem),
    };

    private static string? Text(JsonNode? secret, string key) =>
        secret.Text("data", key) is { Length: > 0 } encoded ? Encoding.UTF8.GetString(Convert.FromBase64String(encoded)) : null;

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
