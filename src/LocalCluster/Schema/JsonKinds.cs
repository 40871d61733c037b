using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.Schema;

/// <summary>The JSON types as schemas name them, and values as error messages show them.</summary>
internal static class JsonKinds
{
    public static double? Number(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
            && double.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    public static bool IsInteger(JsonNode node) => Number(node) is { } d && d == Math.Floor(d) && Math.Abs(d) <= 9.3e18;

    /// <summary>Whether it is 0, false or an empty text.</summary>
    public static bool IsZero(JsonValue value) => value.GetValueKind() switch
    {
        JsonValueKind.False => true,
        JsonValueKind.String => value.GetValue<string>().Length == 0,
        _ => Number(value) == 0,
    };

    /// <summary>object, array, string, integer, number, boolean or null.</summary>
    public static string Name(JsonNode? node) => node?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => IsInteger(node) ? "integer" : "number",
    };

    /// <summary>The value in a field error: strings quoted, the rest as JSON.</summary>
    public static string Show(JsonNode? node) => node is null ? "null" : ObjectCodec.ToText(node);

    /// <summary>A bound as Go prints a float.</summary>
    public static string Show(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
