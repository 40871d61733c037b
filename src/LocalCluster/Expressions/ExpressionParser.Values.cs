using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Schema;

namespace Godwit.LocalCluster.Expressions;

internal sealed partial class ExpressionParser
{
    private static bool Truth(JsonNode? node) => node?.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new ExpressionException("no such overload: a truth value is needed"),
    };

    private static string Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String
        ? node.GetValue<string>()
        : throw new ExpressionException("no such overload: text is needed");

    private static JsonNode? Field(JsonNode? node, string name) =>
        node is JsonObject obj && obj.TryGetPropertyValue(name, out var value)
            ? value
            : throw new ExpressionException($"no such key: {name}");

    private static JsonNode? Index(JsonNode? node, JsonNode? index)
    {
        if (node is JsonArray array && JsonKinds.Number(index) is { } at)
        {
            return at >= 0 && at < array.Count ? array[(int)at] : throw new ExpressionException($"index out of bounds: {at}");
        }

        return Field(node, Text(index));
    }

    private static bool Matches(string text, string pattern)
    {
        try
        {
            return StructuralSchemaParser.Pattern(pattern).IsMatch(text);
        }
        catch (ArgumentException e)
        {
            throw new ExpressionException($"not a regular expression: {pattern}: {e.Message}");
        }
    }

    private static IEnumerable<JsonNode?> Members(JsonNode? node) => node switch
    {
        JsonArray array => array,
        JsonObject obj => obj.Select(static p => (JsonNode?)JsonValue.Create(p.Key)),
        _ => throw new ExpressionException("no such overload: a list or a map is needed"),
    };

    private static int Size(JsonNode? node) => node switch
    {
        JsonObject obj => obj.Count,
        JsonArray array => array.Count,
        _ => Text(node).EnumerateRunes().Count(),
    };

    private static bool Compare(JsonNode? left, string op, JsonNode? right)
    {
        switch (op)
        {
            case "==":
                return Same(left, right);
            case "!=":
                return !Same(left, right);
            case "in":
                return right switch
                {
                    JsonArray array => array.Any(item => Same(item, left)),
                    JsonObject obj => obj.ContainsKey(Text(left)),
                    _ => throw new ExpressionException("no such overload: 'in' needs a list or a map"),
                };
            default:
                var order = JsonKinds.Number(left) is { } a && JsonKinds.Number(right) is { } b
                    ? a.CompareTo(b)
                    : string.CompareOrdinal(Text(left), Text(right));
                return op switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
        }
    }

    private static bool Same(JsonNode? left, JsonNode? right) =>
        JsonKinds.Number(left) is { } a && JsonKinds.Number(right) is { } b ? a.Equals(b) : JsonNode.DeepEquals(left, right);
}
