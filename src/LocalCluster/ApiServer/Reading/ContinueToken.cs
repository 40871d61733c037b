using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Schema;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.Reading;

/// <summary>Where the next page of a list begins: the revision of the first page, and the last key given out.</summary>
/// <param name="Revision">-1: the current state, at the price of consistency.</param>
/// <param name="After">Path of the last object.</param>
internal sealed record ContinueToken(long Revision, string After)
{
    private const string Version = "meta.k8s.io/v1";

    public string Encode()
    {
        var json = new JsonObject { ["v"] = Version, ["rv"] = Revision, ["start"] = "/" + After + "\0" };
        return Base64Url.EncodeToString(ObjectCodec.ToBytes(json));
    }

    public static ContinueToken Decode(string token)
    {
        if (GoBase64.Problem(token, url: true) is { } problem)
        {
            throw Invalid(problem);
        }

        try
        {
            var json = JsonNode.Parse(Base64Url.DecodeFromChars(token)) as JsonObject;
            if (json?["v"]?.GetValue<string>() == Version)
            {
                return new ContinueToken(json.Integer("rv") ?? throw new FormatException(), json["start"]!.GetValue<string>().Trim('/', '\0'));
            }
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException or NullReferenceException)
        {
            throw Invalid("not the token of a list");
        }

        throw Invalid("incorrect encoded start key");
    }

    /// <summary>Whether an object comes after the last page.</summary>
    public bool IsBefore(StoredObject obj)
    {
        var slash = After.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return string.CompareOrdinal(obj.Key.Name, After) > 0;
        }

        var order = string.CompareOrdinal(obj.Key.Namespace, After[..slash]);
        return order > 0 || (order == 0 && string.CompareOrdinal(obj.Key.Name, After[(slash + 1)..]) > 0);
    }

    /// <summary>The token's own text, for the client that goes on with the current state.</summary>
    public string Inconsistent() => (this with { Revision = -1 }).Encode();

    private static StatusException Invalid(string why) => ApiErrors.BadRequest("invalid continue token: continue key is not valid: " + why);

    public override string ToString() => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(Encode()));
}
