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
    private const string Claims = "kubernetes.io";
    private const string ExtraPrefix = "authentication.kubernetes.io/";

    /// <summary>The audience of the API server itself.</summary>
    public const string DefaultAudience = Issuer;

    /// <summary>Makes a token and says when it ends.</summary>
    public (string Token, DateTimeOffset Expires) Issue(
        string ns, string name, string uid, IReadOnlyList<string> audiences, TimeSpan lifetime, TokenBinding? binding = null)
    {
        var now = time.GetUtcNow();
        var expires = now + lifetime;
        var header = new JsonObject { ["alg"] = "ES256", ["typ"] = "JWT" };
        var own = new JsonObject
        {
            ["namespace"] = ns,
            ["serviceaccount"] = new JsonObject { ["name"] = name, ["uid"] = uid },
        };
        foreach (var bound in (TokenBinding?[])[binding, binding?.Node])
        {
            if (bound is not null)
            {
                own[bound.Kind] = new JsonObject { ["name"] = bound.Name, ["uid"] = bound.Uid };
            }
        }

        var claims = new JsonObject
        {
            ["aud"] = new JsonArray([.. audiences.Select(JsonNode (a) => JsonValue.Create(a))]),
            ["exp"] = expires.ToUnixTimeSeconds(),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["iss"] = Issuer,
            ["jti"] = Guid.NewGuid().ToString(),
            [Claims] = own,
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["sub"] = $"system:serviceaccount:{ns}:{name}",
        };
        var signed = Base64Url(ObjectCodec.ToBytes(header)) + "." + Base64Url(ObjectCodec.ToBytes(claims));
        var signature = key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256);
        return (signed + "." + Base64Url(signature), expires);
    }

    /// <summary>The account of a token that is meant for this server; null when anything does not hold.</summary>
    public UserInfo? Authenticate(string token) => Authenticate(token, [DefaultAudience])?.User;

    /// <summary>
    /// The account of a valid token, and for which of these audiences it is; null when the signature, the time, the audience,
    /// the account or what the token is bound to does not hold.
    /// </summary>
    public (UserInfo User, IReadOnlyList<string> Audiences)? Authenticate(string token, IReadOnlyList<string> audiences)
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
            var meant = (claims["aud"] as JsonArray ?? []).Select(a => a.Text()).Intersect(audiences).OfType<string>().ToList();
            return expires > time.GetUtcNow() && meant.Count > 0 && Account(claims) is { } user ? (user, meant) : null;
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException or NullReferenceException or CryptographicException)
        {
            return null;
        }
    }

    private UserInfo? Account(JsonObject claims)
    {
        var own = (JsonObject)claims[Claims]!;
        var ns = own["namespace"]!.GetValue<string>();
        var name = own["serviceaccount"]!["name"]!.GetValue<string>();
        var uid = own["serviceaccount"]!["uid"]!.GetValue<string>();
        if (!Exists("serviceaccounts", ns, name, uid))
        {
            return null;
        }

        var extra = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { [ExtraPrefix + "credential-id"] = ["JTI=" + claims.Text("jti")] };
        foreach (var (kind, resource, place) in ((string, string, string)[])[("pod", "pods", ns), ("secret", "secrets", ns), ("node", "nodes", "")])
        {
            if (own[kind] is not { } bound)
            {
                continue;
            }

            // A pod's node is told as it was; only what the token is bound to must still be there.
            if (!(kind == "node" && own["pod"] is not null) && !Exists(resource, place, bound.Text("name")!, bound.Text("uid")!))
            {
                return null;
            }

            if (kind != "secret")
            {
                extra[$"{ExtraPrefix}{kind}-name"] = [bound.Text("name")!];
                extra[$"{ExtraPrefix}{kind}-uid"] = [bound.Text("uid")!];
            }
        }

        return new UserInfo(
            $"system:serviceaccount:{ns}:{name}",
            ["system:serviceaccounts", "system:serviceaccounts:" + ns, "system:authenticated"],
            uid)
        {
            Extra = extra,
        };
    }

    private bool Exists(string resource, string ns, string name, string uid) =>
        store.Get(new StoreKey(resource, ns, name))?.ToJsonObject().Uid() == uid;

    private static string Base64Url(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static byte[] FromBase64Url(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);
}
