using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Columns;

/// <summary>Small helpers that cells are made of.</summary>
internal static class Cells
{
    public const string None = "<none>";

    public static TableColumn Text(string name, string description, Func<JsonObject, string> cell, int priority = 0) =>
        new(name, "string", description, (obj, _) => cell(obj)) { Priority = priority };

    public static TableColumn Number(string name, string description, Func<JsonObject, long> cell, int priority = 0) =>
        new(name, "integer", description, (obj, _) => cell(obj)) { Priority = priority };

    public static TableColumn Timed(string name, string description, Func<JsonObject, TimeProvider, string> cell, int priority = 0) =>
        new(name, "string", description, (obj, time) => cell(obj, time)) { Priority = priority };

    public static string Field(JsonNode? obj, params ReadOnlySpan<string> path)
    {
        var node = obj;
        foreach (var name in path)
        {
            node = (node as JsonObject)?[name];
        }

        return node switch
        {
            null => "",
            JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
            JsonValue value => value.ToJsonString(),
            _ => "",
        };
    }

    public static string OrNone(string text) => text.Length == 0 ? None : text;

    public static long Integer(JsonNode? node) => JsonObjects.Integer(node) ?? 0;

    public static bool Flag(JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.True;

    public static IEnumerable<JsonObject> List(JsonNode? node) => (node as JsonArray)?.OfType<JsonObject>() ?? [];

    public static IEnumerable<string> Strings(JsonNode? node) => (node as JsonArray)?.OfType<JsonValue>().Select(v => v.ToString()) ?? [];

    public static int CountOf(JsonNode? node) => node switch
    {
        JsonObject obj => obj.Count,
        JsonArray array => array.Count,
        _ => 0,
    };

    /// <summary><c>a=b,c=d</c>, or none.</summary>
    public static string Labels(JsonNode? map) => map is JsonObject { Count: > 0 } labels
        ? string.Join(',', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"))
        : None;

    public static string AccessModes(JsonNode? modes) => string.Join(',', Strings(modes).Select(m => m switch
    {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => m,
    }));
}
