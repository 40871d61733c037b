using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Godwit.LocalCluster.Schema;

/// <summary>
/// Decodes an object of a built-in kind: drops unknown fields, nulls and values that say no more than their absence, and finds the first value that does not fit its type.
/// </summary>
internal static partial class BuiltInDecoder
{
    /// <summary>Works in place; collects unknown fields in document order, and returns the sentence of the first type error.</summary>
    public static string? Decode(JsonObject obj, StructuralSchema schema, List<string> unknown) =>
        Node(obj, schema, Place.Root, unknown, static _ => { });

    /// <summary>Checks types only, and changes nothing.</summary>
    public static string? CheckTypes(JsonNode node, StructuralSchema schema, string path) =>
        Node(node.DeepClone(), schema, new Place("", path, path), [], static _ => { });

    private static string? Node(JsonNode? node, StructuralSchema schema, Place place, List<string> unknown, Action<JsonNode> replace)
    {
        if (node is null || schema is { Type: "", IntOrString: false })
        {
            return null;
        }

        var kind = node.GetValueKind();
        if (schema.IntOrString)
        {
            return kind == JsonValueKind.String || (kind == JsonValueKind.Number && JsonKinds.IsInteger(node)) ? null : Mismatch(node, schema, place);
        }

        switch (schema.Type)
        {
            case "object":
                return node is JsonObject obj
                    ? schema.AdditionalProperties is { } values ? Map(obj, values, place, unknown) : Struct(obj, schema, place, unknown)
                    : Mismatch(node, schema, place);
            case "array":
                return node is JsonArray array ? List(array, schema, place, unknown) : Mismatch(node, schema, place);
            case "boolean":
                return kind is JsonValueKind.True or JsonValueKind.False ? null : Mismatch(node, schema, place);
            case "number":
                return kind == JsonValueKind.Number ? null : Mismatch(node, schema, place);
            case "integer":
                return kind == JsonValueKind.Number && JsonKinds.IsInteger(node) && Formats.InRange(JsonKinds.Number(node)!.Value, schema.Format)
                    ? null
                    : Mismatch(node, schema, place);
            default:
                return Text(node, schema, place, kind, replace);
        }
    }

    private static string? Text(JsonNode node, StructuralSchema schema, Place place, JsonValueKind kind, Action<JsonNode> replace)
    {
        if (schema.Format == "quantity")
        {
            if (kind == JsonValueKind.Number)
            {
                replace(JsonValue.Create(node.ToJsonString()));
                return null;
            }

            return kind == JsonValueKind.String && QuantityPattern().IsMatch(node.GetValue<string>())
                ? null
                : "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
        }

        if (kind != JsonValueKind.String)
        {
            return Mismatch(node, schema, place);
        }

        var text = node.GetValue<string>();
        return schema.Format switch
        {
            "byte" => GoBase64.Problem(text),
            "date-time" when text.Length > 0 && !Formats.DateTime(text) =>
                $"parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\"",
            _ => null,
        };
    }

    private static string? Struct(JsonObject obj, StructuralSchema schema, Place place, List<string> unknown)
    {
        List<string>? drop = null;
        string? error = null;
        foreach (var (name, value) in obj.ToList())
        {
            if (!schema.Properties.TryGetValue(name, out var property))
            {
                if (!schema.PreserveUnknownFields)
                {
                    unknown.Add(place.Field(name));
                    (drop ??= []).Add(name);
                }
            }
            else
            {
                error ??= Node(value, property, place.Enter(schema, name), unknown, n => obj[name] = n);
                if (IsNothing(value, property) && !schema.Required.Contains(name))
                {
                    (drop ??= []).Add(name);
                }
            }
        }

        foreach (var name in drop ?? [])
        {
            obj.Remove(name);
        }

        return error;
    }

    private static bool IsNothing(JsonNode? value, StructuralSchema schema) => value switch
    {
        null => true,
        JsonArray { Count: 0 } => !schema.AlwaysThere,
        JsonObject { Count: 0 } => schema.AdditionalProperties is not null,
        JsonValue scalar => schema is { ZeroCounts: false, Type.Length: > 0 } && JsonKinds.IsZero(scalar),
        _ => false,
    };

    private static string? Map(JsonObject obj, StructuralSchema values, Place place, List<string> unknown)
    {
        string? error = null;
        foreach (var (name, value) in obj.ToList())
        {
            if (value is null && values.Type == "string")
            {
                obj[name] = "";
            }
            else
            {
                error ??= Node(value, values, place.Key(name), unknown, n => obj[name] = n);
            }
        }

        return error;
    }

    private static string? List(JsonArray array, StructuralSchema schema, Place place, List<string> unknown)
    {
        string? error = null;
        for (var i = 0; i < array.Count; i++)
        {
            var at = i;
            error ??= Node(array[i], schema.Items!, place.Index(i), unknown, n => array[at] = n);
        }

        return error;
    }

    private static string Mismatch(JsonNode node, StructuralSchema schema, Place place)
    {
        var found = node.GetValueKind() switch
        {
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            JsonValueKind.True or JsonValueKind.False => "bool",
            _ => schema.Type == "integer" ? "number " + node.ToJsonString() : "number",
        };
        var target = place.Struct.Length == 0 ? "Go value" : $"Go struct field {place.Struct}.{place.GoPath}";
        return $"json: cannot unmarshal {found} into {target} of type {GoType(schema)}";
    }

    private static string GoType(StructuralSchema schema) => schema switch
    {
        { TypeName: { } name } => Short(name),
        { Type: "array" } => "[]" + GoType(schema.Items!),
        { Type: "object", AdditionalProperties: { } values } => "map[string]" + GoType(values),
        { Type: "object" } => "map[string]interface {}",
        { Type: "boolean" } => "bool",
        { Type: "number" } => "float64",
        { Type: "integer" } => schema.Format,
        { Format: "byte" } => "[]uint8",
        _ => "string",
    };

    // io.k8s.api.core.v1.PodSpec is v1.PodSpec in Go's words.
    private static string Short(string typeName)
    {
        var parts = typeName.Split('.');
        return $"{parts[^2]}.{parts[^1]}";
    }

    [GeneratedRegex(@"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex QuantityPattern();

    /// <summary>Where the decoder is: the Go struct, Go's path (without indexes and keys) and the path of unknown fields.</summary>
    private readonly record struct Place(string Struct, string GoPath, string Path)
    {
        public static readonly Place Root = new("", "", "");

        public string Field(string name) => Path.Length == 0 ? name : $"{Path}.{name}";

        public Place Enter(StructuralSchema owner, string name) => new(
            owner.TypeName is { } type ? type[(type.LastIndexOf('.') + 1)..] : Struct,
            GoPath.Length == 0 ? name : $"{GoPath}.{name}",
            Field(name));

        public Place Key(string name) => this with { Path = Field(name) };

        public Place Index(int i) => this with { Path = $"{Path}[{i}]" };
    }
}
