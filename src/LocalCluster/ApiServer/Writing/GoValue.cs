using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>Prints a document the way Kubernetes' messages quote one: <c>map[a:1 b:map[c:x]]</c>.</summary>
internal static class GoValue
{
    public static string Format(JsonNode? node) => node switch
    {
        null => "<nil>",
        JsonObject obj => "map[" + string.Join(' ', obj.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Key + ":" + Format(p.Value))) + "]",
        JsonArray array => "[" + string.Join(' ', array.Select(Format)) + "]",
        _ => node.ToString(),
    };
}
