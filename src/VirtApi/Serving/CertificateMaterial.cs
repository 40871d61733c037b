using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.VirtApi.Serving;

/// <summary>What the certificate Secret holds.</summary>
/// <param name="Authority">Signs what is issued now.</param>
/// <param name="Next">The authority that is to follow, trusted already and not used yet; null most of the time.</param>
/// <param name="TrustBundle">Every authority that may have signed what is in use, or is about to, as PEM.</param>
/// <param name="Serving">virt-api's own certificate with its key.</param>
public sealed record CertificateMaterial(CertificatePair Authority, CertificatePair? Next, string TrustBundle, CertificatePair Serving)
{
    private const string AuthorityCertificate = "authority.crt";
    private const string AuthorityKey = "authority.key";
    private const string NextCertificate = "next-authority.crt";
    private const string NextKey = "next-authority.key";
    private const string Bundle = "ca.crt";
    private const string ServingCertificate = "tls.crt";
    private const string ServingKey = "tls.key";

    /// <summary>
    /// Reads a Secret; null when the authority or the serving certificate is missing or cannot be read, so that all is made anew.
    /// A bundle that cannot be read is empty.
    /// </summary>
    public static CertificateMaterial? Read(JsonNode? secret) =>
        SecretPair.Read(secret, AuthorityCertificate, AuthorityKey) is { } authority
        && SecretPair.Read(secret, ServingCertificate, ServingKey) is { } serving
            ? new(authority, SecretPair.Read(secret, NextCertificate, NextKey), SecretPair.Authorities(secret, Bundle), serving)
            : null;

    /// <summary>The Secret's data.</summary>
    public JsonObject ToData()
    {
        var data = new JsonObject { [Bundle] = SecretPair.Encode(TrustBundle) };
        SecretPair.Write(data, AuthorityCertificate, AuthorityKey, Authority);
        SecretPair.Write(data, ServingCertificate, ServingKey, Serving);
        if (Next is not null)
        {
            SecretPair.Write(data, NextCertificate, NextKey, Next);
        }

        return data;
    }
}
