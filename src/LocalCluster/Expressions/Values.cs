using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Schema;

namespace Godwit.LocalCluster.Expressions;

/// <summary>What expressions do with values.</summary>
internal static class Values
{
    /// <summary>What an optional field or index gives when it is not there; known by being this very object.</summary>
    public static readonly JsonObject Absent = [];

    public static bool Truth(JsonNode? node) => node?.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new ExpressionException("no such overload: a truth value is needed"),
    };

    public static string Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String
        ? node.GetValue<string>()
        : throw new ExpressionException("no such overload: text is needed");

    /// <summary>Whether one part (<paramref name="decisive"/> true) or all parts hold; an error matters only when no part decides.</summary>
    public static bool Decide<T>(IEnumerable<T> parts, Func<T, bool> test, bool decisive)
    {
        ExpressionException? error = null;
        foreach (var part in parts)
        {
            try
            {
                if (test(part) == decisive)
                {
                    return decisive;
                }
            }
            catch (ExpressionException e)
            {
                error ??= e;
            }
        }

        return error is null ? !decisive : throw error;
    }

    public static bool Has(JsonNode? node, string name) =>
        node is JsonObject obj ? obj.ContainsKey(name) : throw new ExpressionException($"no such key: {name}");

    public static JsonNode? Select(JsonNode? node, string name, bool orAbsent) =>
        node is JsonObject obj && obj.TryGetPropertyValue(name, out var value) ? value
        : orAbsent ? Absent
        : throw new ExpressionException($"no such key: {name}");

    public static JsonNode? Index(JsonNode? node, JsonNode? index, bool orAbsent)
    {
        if (node is JsonArray array && JsonKinds.Number(index) is { } at)
        {
            return at >= 0 && at < array.Count && at == Math.Floor(at) ? array[(int)at]
                : orAbsent ? Absent
                : throw new ExpressionException(string.Create(CultureInfo.InvariantCulture, $"index out of bounds: {at}"));
        }

        return Select(node, Text(index), orAbsent);
    }

    public static IEnumerable<JsonNode?> Members(JsonNode? node) => node switch
    {
        JsonArray array => array,
        JsonObject obj => obj.Select(static p => (JsonNode?)JsonValue.Create(p.Key)),
        _ => throw new ExpressionException("no such overload: a list or a map is needed"),
    };

    public static long Size(JsonNode? node) => node switch
    {
        JsonObject obj => obj.Count,
        JsonArray array => array.Count,
        _ => Text(node).EnumerateRunes().Count(),
    };

    public static bool Compare(Frame frame, JsonNode? left, string op, JsonNode? right)
    {
        switch (op)
        {
            case "==":
                return Same(frame, left, right);
            case "!=":
                return !Same(frame, left, right);
            case "in":
                return right switch
                {
                    JsonArray array => array.Any(item => Same(frame, item, left)),
                    JsonObject obj => left?.GetValueKind() == JsonValueKind.String && obj.ContainsKey(Text(left)),
                    _ => throw new ExpressionException("no such overload: 'in' needs a list or a map"),
                };
            default:
                var order = Calculation.Order(left, right) ?? string.CompareOrdinal(Text(left), Text(right));
                return op switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
        }
    }

    /// <summary>A value that may become part of a new one.</summary>
    public static JsonNode? Copy(Frame frame, JsonNode? node)
    {
        frame.Spend(Count(node));
        return node?.DeepClone();
    }

    /// <summary>A value as <c>string()</c> gives it.</summary>
    public static string Show(JsonNode? node) => node?.GetValueKind() switch
    {
        JsonValueKind.String => node.GetValue<string>(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Number => Calculation.Show(node),
        _ => throw new ExpressionException("no such overload: string() of a list, a map or null"),
    };

    /// <summary>The steps that a text of this length costs.</summary>
    public static long Steps(long characters) => 1 + (characters / 10);

    private static bool Same(Frame frame, JsonNode? left, JsonNode? right)
    {
        frame.Spend(1);
        switch (left, right)
        {
            case (JsonObject a, JsonObject b):
                return a.Count == b.Count && a.All(p => b.TryGetPropertyValue(p.Key, out var other) && Same(frame, p.Value, other));
            case (JsonArray a, JsonArray b):
                return a.Count == b.Count && a.Zip(b).All(p => Same(frame, p.First, p.Second));
            case (JsonValue a, JsonValue b):
                return Calculation.Order(a, b) is { } order ? order == 0 : a.GetValueKind() == b.GetValueKind() && JsonNode.DeepEquals(a, b);
            default:
                return left is null && right is null;
        }
    }

    private static long Count(JsonNode? node) => node switch
    {
        JsonObject obj => 1 + obj.Sum(p => 1 + Count(p.Value)),
        JsonArray array => 1 + array.Sum(Count),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => Steps(value.GetValue<string>().Length),
        _ => 1,
    };
}
