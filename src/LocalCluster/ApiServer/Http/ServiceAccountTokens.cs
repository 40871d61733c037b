using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.Http;

/// <summary>Signed tokens of service accounts (ES256): made by serviceaccounts/token, accepted as bearer tokens.</summary>
internal sealed class ServiceAccountTokens(ECDsa key, ObjectStore store, TimeProvider time)
{
    private const string Issuer = "https://kubernetes.default.svc.cluster.local";

    /// <summary>The audience of the API server itself.</summary>
    public const string DefaultAudience = Issuer;

    /// <summary>Makes a token and says when it ends.</summary>
    public (string Token, DateTimeOffset Expires) Issue(string ns, string name, string uid, IReadOnlyList<string> audiences, TimeSpan lifetime)
    {
        var now = time.GetUtcNow();
        var expires = now + lifetime;
        var header = new JsonObject { ["alg"] = "ES256", ["typ"] = "JWT" };
        var claims = new JsonObject
        {
            ["aud"] = new JsonArray([.. audiences.Select(JsonNode (a) => JsonValue.Create(a))]),
            ["exp"] = expires.ToUnixTimeSeconds(),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["iss"] = Issuer,
            ["jti"] = Guid.NewGuid().ToString(),
            ["kubernetes.io"] = new JsonObject
            {
                ["namespace"] = ns,
                ["serviceaccount"] = new JsonObject { ["name"] = name, ["uid"] = uid },
            },
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["sub"] = $"system:serviceaccount:{ns}:{name}",
        };
        var signed = Base64Url(ObjectCodec.ToBytes(header)) + "." + Base64Url(ObjectCodec.ToBytes(claims));
        var signature = key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256);
        return (signed + "." + Base64Url(signature), expires);
    }

    /// <summary>The account of a valid token; null when the signature, the time, the audience or the account does not hold.</summary>
    public UserInfo? Authenticate(string token)
    {
        var parts = token.Split('.');
        try
        {
            if (parts.Length != 3
                || !key.VerifyData(Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]), FromBase64Url(parts[2]), HashAlgorithmName.SHA256)
                || JsonNode.Parse(FromBase64Url(parts[1])) is not JsonObject claims)
            {
                return null;
            }

            var expires = DateTimeOffset.FromUnixTimeSeconds(claims.Integer("exp") ?? 0);
            if (expires <= time.GetUtcNow() || claims["aud"] is not JsonArray audiences || !audiences.Any(a => a?.GetValue<string>() == DefaultAudience))
            {
                return null;
            }

            var bound = (JsonObject)claims["kubernetes.io"]!;
            var ns = bound["namespace"]!.GetValue<string>();
            var name = bound["serviceaccount"]!["name"]!.GetValue<string>();
            var uid = bound["serviceaccount"]!["uid"]!.GetValue<string>();
            var account = store.Get(new StoreKey("serviceaccounts", ns, name))?.ToJsonObject();
            if (account?["metadata"]?["uid"]?.GetValue<string>() != uid)
            {
                return null;
            }

            return new UserInfo(
                $"system:serviceaccount:{ns}:{name}",
                ["system:serviceaccounts", "system:serviceaccounts:" + ns, "system:authenticated"],
                uid)
            {
                Extra = UserInfo.Credential("JTI=" + ResourceOperations.Text(claims, "jti")),
            };
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException or NullReferenceException or CryptographicException)
        {
            return null;
        }
    }

    private static string Base64Url(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static byte[] FromBase64Url(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);
}
