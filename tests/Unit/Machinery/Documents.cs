using System.Text.Json.Nodes;
using CsCheck;

namespace Godwit.Unit.Machinery;

/// <summary>Random JSON documents, small but with all that JSON has.</summary>
internal static class Documents
{
    private static readonly Gen<string> Names = Gen.OneOf("a", "b", "c/d", "e~f", "", "kind", "on", "1");

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.OneOf("", "true", "null", "0777", "1e3", "- x", "a: b", "two\nlines\n", " blank", "#no", "y", "2020-01-01", "12:30", "<<", "tab\t"),
        Gen.String[Gen.Char['!', '~'], 0, 6]);

    private static readonly Gen<JsonNode?> Scalars = Gen.OneOf(
        Texts.Select(s => (JsonNode?)JsonValue.Create(s)),
        Gen.Long.Select(n => (JsonNode?)JsonValue.Create(n)),
        Gen.Bool.Select(b => (JsonNode?)JsonValue.Create(b)),
        Gen.Const((JsonNode?)null));

    public static Gen<JsonNode?> Any { get; } = Node(3);

    public static Gen<JsonObject> Object { get; } = Members(2);

    public static JsonObject WithoutNulls(JsonObject members) =>
        new(members.Where(m => m.Value is not null)
            .Select(m => KeyValuePair.Create<string, JsonNode?>(m.Key, m.Value is JsonObject inner ? WithoutNulls(inner) : m.Value!.DeepClone())));

    private static Gen<JsonNode?> Node(int depth) => depth == 0
        ? Scalars
        : Gen.Frequency((3, Scalars), (3, Members(depth - 1).Select(o => (JsonNode?)o)), (2, Node(depth - 1).Array[0, 3].Select(Items)));

    private static JsonNode? Items(JsonNode?[] items) => new JsonArray([.. items.Select(i => i?.DeepClone())]);

    private static Gen<JsonObject> Members(int depth) => Gen.Select(Names, Node(depth)).Array[0, 4].Select(pairs =>
    {
        var result = new JsonObject();
        foreach (var (name, value) in pairs)
        {
            result[name] = value?.DeepClone();
        }

        return result;
    });
}
