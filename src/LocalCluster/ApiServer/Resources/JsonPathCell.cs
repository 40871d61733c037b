using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>Turns what a printer column's path finds into a table cell, by the column's type.</summary>
internal static class JsonPathCell
{
    public static JsonNode? Render(JsonPath path, string type, JsonObject obj, TimeProvider time)
    {
        var first = path.Select(obj).FirstOrDefault();
        if (first is null)
        {
            return null;
        }

        switch (type)
        {
            case "integer":
                return first is JsonValue i && i.GetValueKind() == JsonValueKind.Number
                    ? JsonValue.Create((long)double.Parse(i.ToJsonString(), CultureInfo.InvariantCulture))
                    : null;
            case "number":
                return first is JsonValue n && n.GetValueKind() == JsonValueKind.Number ? n.DeepClone() : null;
            case "boolean":
                return first is JsonValue b && b.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? first.DeepClone() : null;
            case "date":
                return first is JsonValue d && d.GetValueKind() == JsonValueKind.String
                    ? HumanDuration.Since(d.GetValue<string>(), time)
                    : "<invalid>";
            default:
                return Text(first);
        }
    }

    private static string Text(JsonNode node) => node switch
    {
        JsonValue v when v.GetValueKind() == JsonValueKind.String => v.GetValue<string>(),
        JsonValue v when v.GetValueKind() == JsonValueKind.Number && double.TryParse(v.ToJsonString(), CultureInfo.InvariantCulture, out var d)
            && d == Math.Floor(d) && Math.Abs(d) < 1e15 => ((long)d).ToString(CultureInfo.InvariantCulture),
        _ => node.ToJsonString(),
    };
}
