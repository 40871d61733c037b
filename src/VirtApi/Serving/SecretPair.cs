using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.VirtApi.Serving;

/// <summary>A certificate with its key in a Secret's data.</summary>
internal static class SecretPair
{
    /// <summary>The pair under two keys; null when one is missing, cannot be read, or they do not belong together.</summary>
    public static CertificatePair? Read(JsonNode? secret, string certificateKey, string keyKey)
    {
        if (Text(secret, certificateKey) is not { } certificate || Text(secret, keyKey) is not { } key)
        {
            return null;
        }

        try
        {
            var pair = new CertificatePair(certificate, key);
            // A certificate that does not belong to its key shows only when both are loaded.
            pair.Load().Dispose();
            return pair;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Authorities, as PEM; empty when there are none or they cannot be read.</summary>
    public static string Authorities(JsonNode? secret, string key)
    {
        var pem = Text(secret, key) ?? "";
        try
        {
            new X509Certificate2Collection().ImportFromPem(pem);
            return pem;
        }
        catch (CryptographicException)
        {
            return "";
        }
    }

    /// <summary>A value as text; null when it is empty or not base64.</summary>
    private static string? Text(JsonNode? secret, string key)
    {
        try
        {
            return secret.Text("data", key) is { Length: > 0 } encoded ? Encoding.UTF8.GetString(Convert.FromBase64String(encoded)) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    public static void Write(JsonObject data, string certificateKey, string keyKey, CertificatePair pair)
    {
        data[certificateKey] = Encode(pair.CertificatePem);
        data[keyKey] = Encode(pair.KeyPem);
    }

    public static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
