using System.Globalization;
using System.Text.Json.Nodes;

namespace Godwit.Replay;

/// <summary>Reads resource versions out of documents.</summary>
internal static class Revisions
{
    /// <summary>The highest below a node; 0 when there is none.</summary>
    public static long Highest(JsonNode? node) => node switch
    {
        JsonObject obj => obj.Select(static p => p.Key == "resourceVersion" && p.Value is JsonValue value && value.TryGetValue<string>(out var text)
            && long.TryParse(text, CultureInfo.InvariantCulture, out var revision) ? revision : Highest(p.Value)).DefaultIfEmpty(0).Max(),
        JsonArray array => array.Select(Highest).DefaultIfEmpty(0).Max(),
        _ => 0,
    };
}
