using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Store;

namespace Godwit.LocalCluster.OpenApi;

/// <summary>
/// The OpenAPI v2 document that kubectl up to 1.23 validates and explains by, and later ones when asked to: made of the v3 ones, in
/// the one encoding that they read (the messages of gnostic's <c>openapiv2/OpenAPIv2.proto</c>). Of the paths it holds the patches,
/// by which kubectl learns what can be tried without effect.
/// </summary>
internal static class OpenApiV2
{
    private const string Components = "#/components/schemas/";

    /// <summary>The document of all that these v3 documents hold.</summary>
    public static byte[] Build(IEnumerable<JsonObject> documents)
    {
        var all = documents.ToList();
        var paths = new ProtobufWriter();
        foreach (var (name, item) in all.SelectMany(static d => (JsonObject)d["paths"]!))
        {
            if (item?["patch"] is JsonObject patch)
            {
                paths.Message(2, Named(name, new ProtobufWriter().Message(8, Operation(patch))));
            }
        }

        var definitions = new ProtobufWriter();
        foreach (var (name, schema) in all.SelectMany(static d => (JsonObject)d["components"]!["schemas"]!).DistinctBy(static s => s.Key).OrderBy(static s => s.Key, StringComparer.Ordinal))
        {
            definitions.Message(1, Named(name, Schema((JsonObject)schema!)));
        }

        return new ProtobufWriter()
            .Text(1, "2.0")
            .Message(2, new ProtobufWriter().Text(1, "Kubernetes").Text(2, "v1.36"))
            .Message(8, paths)
            .Message(9, definitions)
            .ToArray();
    }

    private static ProtobufWriter Operation(JsonObject operation)
    {
        var written = new ProtobufWriter();
        foreach (var parameter in (operation["parameters"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var query = new ProtobufWriter().Text(2, "query").Text(4, Text(parameter["name"])).Text(6, Text(parameter["schema"]?["type"]));
            written.Message(8, new ProtobufWriter().Message(1, new ProtobufWriter().Message(2, new ProtobufWriter().Message(3, query))));
        }

        foreach (var (name, value) in operation.Where(static p => p.Key.StartsWith("x-", StringComparison.Ordinal)))
        {
            written.Message(13, Extension(name, value));
        }

        return written;
    }

    private static ProtobufWriter Schema(JsonObject schema)
    {
        var written = new ProtobufWriter();
        var refersTo = schema["$ref"] ?? (schema["allOf"] is JsonArray { Count: 1 } one ? one[0]?["$ref"] : null);
        if (refersTo is not null)
        {
            return written.Text(1, "#/definitions/" + Text(refersTo)[Components.Length..]).Text(4, Text(schema["description"]));
        }

        // Both a number and a text, which this version of OpenAPI cannot say.
        var isEither = schema["oneOf"] is not null && schema["type"] is null;
        written.Text(2, Text(schema["format"])).Text(4, Text(schema["description"]));
        foreach (var required in schema["required"] as JsonArray ?? [])
        {
            written.Text(19, Text(required));
        }

        if (schema["additionalProperties"] is JsonObject values)
        {
            written.Message(21, new ProtobufWriter().Message(1, Schema(values)));
        }

        if (isEither || schema["type"] is not null)
        {
            written.Message(22, new ProtobufWriter().Text(1, isEither ? "string" : Text(schema["type"])));
        }

        if (schema["items"] is JsonObject items)
        {
            written.Message(23, new ProtobufWriter().Message(1, Schema(items)));
        }

        // Where anything may stand, older clients must not miss what is not listed.
        if (schema["properties"] is JsonObject properties && schema["x-kubernetes-preserve-unknown-fields"]?.GetValueKind() != JsonValueKind.True)
        {
            var listed = new ProtobufWriter();
            foreach (var (name, property) in properties)
            {
                listed.Message(1, Named(name, Schema((JsonObject)property!)));
            }

            written.Message(25, listed);
        }

        foreach (var (name, value) in schema.Where(static p => p.Key.StartsWith("x-", StringComparison.Ordinal)))
        {
            written.Message(31, Extension(name, value));
        }

        return written;
    }

    private static ProtobufWriter Named(string name, ProtobufWriter value) => new ProtobufWriter().Text(1, name).Message(2, value);

    private static ProtobufWriter Extension(string name, JsonNode? value) => Named(name, new ProtobufWriter().Text(2, value is null ? "null" : ObjectCodec.ToText(value)));

    private static string Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : "";
}
