using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Crd;

/// <summary>What makes a schema structural: every field has a type, and combinations only restrict values.</summary>
internal static class StructuralRules
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];
    private static readonly string[] Unsupported = ["$ref", "$schema", "id", "definitions", "dependencies", "patternProperties", "additionalItems"];
    private static readonly string[] StructuralOnly =
    [
        "type", "description", "title", "default", "nullable", "additionalProperties", "x-kubernetes-embedded-resource",
        "x-kubernetes-preserve-unknown-fields", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type",
    ];

    public static void Check(JsonObject schema, string path, List<FieldError> errors)
    {
        var before = errors.Count;
        var type = schema.Text("type") ?? "";
        if (type.Length == 0)
        {
            errors.Add(FieldError.Required($"{path}.type", "must not be empty at the root"));
        }
        else if (type != "object")
        {
            errors.Add(FieldError.Invalid($"{path}.type", $"\"{type}\"", "must be object at the root"));
        }

        Node(schema, path, errors);
        Metadata(schema, path, errors);
        if (errors.Count == before)
        {
            // Defaults can be judged only by a schema that is sound.
            Defaults(schema, path, errors);
        }
    }

    private static void Node(JsonObject schema, string path, List<FieldError> errors)
    {
        var type = schema.Text("type") ?? "";
        if (type.Length > 0 && !Types.Contains(type))
        {
            errors.Add(FieldError.NotSupported($"{path}.type", $"\"{type}\"", Types));
        }

        Common(schema, path, errors);
        if (schema["properties"] is JsonObject properties)
        {
            if (schema["additionalProperties"] is JsonObject)
            {
                errors.Add(FieldError.Forbidden($"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive"));
            }

            foreach (var (name, property) in properties)
            {
                Typed(property, $"{path}.properties[{name}]", "must not be empty for specified object fields", errors);
            }
        }

        if (schema["additionalProperties"] is JsonObject values)
        {
            Typed(values, $"{path}.additionalProperties", "must not be empty for specified object fields", errors);
        }

        if (schema["items"] is JsonArray)
        {
            errors.Add(FieldError.Forbidden($"{path}.items", "items must be a schema object and not an array"));
        }
        else if (schema["items"] is { } items)
        {
            Typed(items, $"{path}.items", "must not be empty for specified array items", errors);
        }
        else if (type == "array")
        {
            errors.Add(FieldError.Required($"{path}.items", "must be specified"));
        }

        Lists(schema, type, path, errors);
        if (schema.Flag("x-kubernetes-embedded-resource") == true && type != "object")
        {
            errors.Add(FieldError.Invalid($"{path}.type", $"\"{type}\"", "must be object if x-kubernetes-embedded-resource is true"));
        }

        if (schema.Flag("x-kubernetes-int-or-string") == true && type.Length > 0)
        {
            errors.Add(FieldError.Forbidden($"{path}.type", "must be empty if x-kubernetes-int-or-string is true"));
        }

        Combinations(schema, path, errors);
    }

    private static void Typed(JsonNode? node, string path, string missing, List<FieldError> errors)
    {
        if (node is not JsonObject schema)
        {
            errors.Add(FieldError.Required(path, "must be a schema"));
            return;
        }

        if (string.IsNullOrEmpty(schema.Text("type"))
            && schema.Flag("x-kubernetes-int-or-string") != true && schema.Flag("x-kubernetes-preserve-unknown-fields") != true)
        {
            errors.Add(FieldError.Required($"{path}.type", missing));
        }

        Node(schema, path, errors);
    }

    private static void Common(JsonObject schema, string path, List<FieldError> errors)
    {
        foreach (var name in Unsupported)
        {
            if (schema[name] is not null)
            {
                errors.Add(FieldError.Forbidden($"{path}.{name}", $"{name} is not supported"));
            }
        }

        if (schema.Flag("uniqueItems") == true)
        {
            errors.Add(FieldError.Forbidden($"{path}.uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        }

        if (schema["additionalProperties"] is JsonValue closed && closed.GetValueKind() == JsonValueKind.False)
        {
            errors.Add(FieldError.Forbidden($"{path}.additionalProperties", "additionalProperties cannot be set to false"));
        }

        foreach (var (rule, i) in (schema["x-kubernetes-validations"] as JsonArray ?? []).OfType<JsonObject>().Select(static (r, i) => (r, i)))
        {
            try
            {
                ValidationRule.Parse(rule);
            }
            catch (FormatException e)
            {
                errors.Add(FieldError.Invalid($"{path}.x-kubernetes-validations[{i}].rule", JsonKinds.Show(rule["rule"]), $"compilation failed: {e.Message}"));
            }
        }

        if (schema.Text("pattern") is { } pattern)
        {
            try
            {
                StructuralSchemaParser.Pattern(pattern);
            }
            catch (ArgumentException e)
            {
                errors.Add(FieldError.Invalid($"{path}.pattern", JsonKinds.Show(JsonValue.Create(pattern)), "must be a valid regular expression, but isn't: " + e.Message));
            }
        }
    }

    private static void Lists(JsonObject schema, string type, string path, List<FieldError> errors)
    {
        var listType = schema.Text("x-kubernetes-list-type");
        var keys = CrdNames.Texts(schema["x-kubernetes-list-map-keys"]);
        if (listType is not null && type != "array")
        {
            errors.Add(FieldError.Invalid($"{path}.type", $"\"{type}\"", "must be array if x-kubernetes-list-type is set"));
        }

        if (listType is not (null or "atomic" or "set" or "map"))
        {
            errors.Add(FieldError.NotSupported($"{path}.x-kubernetes-list-type", $"\"{listType}\"", ["atomic", "set", "map"]));
        }

        if (listType == "map" && keys.Count == 0)
        {
            errors.Add(FieldError.Required($"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"));
        }

        if (listType != "map" && keys.Count > 0)
        {
            errors.Add(FieldError.Invalid($"{path}.x-kubernetes-list-type", $"\"{listType}\"", "must be map if x-kubernetes-list-map-keys is non-empty"));
        }

        foreach (var (key, i) in keys.Select((k, i) => (k, i)))
        {
            if (schema.At("items", "properties", key) is not JsonObject property)
            {
                errors.Add(FieldError.Invalid($"{path}.x-kubernetes-list-map-keys[{i}]", $"\"{key}\"", "entries must all be names of item properties"));
            }
            else if (property["default"] is null && !CrdNames.Texts(schema.At("items", "required")).Contains(key))
            {
                errors.Add(FieldError.Required($"{path}.items.properties[{key}].default", "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
            }
        }
    }

    private static void Combinations(JsonObject schema, string path, List<FieldError> errors)
    {
        foreach (var name in (string[])["allOf", "anyOf", "oneOf"])
        {
            foreach (var (inner, i) in (schema[name] as JsonArray ?? []).OfType<JsonObject>().Select((s, i) => (s, i)))
            {
                Nested(inner, schema, $"{path}.{name}[{i}]", errors);
            }
        }

        if (schema["not"] is JsonObject not)
        {
            Nested(not, schema, $"{path}.not", errors);
        }
    }

    private static void Nested(JsonObject schema, JsonObject owner, string path, List<FieldError> errors)
    {
        foreach (var name in StructuralOnly)
        {
            if (schema[name] is not null && !(name == "type" && owner.Flag("x-kubernetes-int-or-string") == true))
            {
                errors.Add(FieldError.Forbidden($"{path}.{name}", "must be empty to be structural"));
            }
        }

        Common(schema, path, errors);
        foreach (var (name, property) in schema["properties"] as JsonObject ?? [])
        {
            if (property is not JsonObject inner)
            {
                continue;
            }

            if (owner.At("properties", name) is not JsonObject original)
            {
                errors.Add(FieldError.Required($"{Parent(path)}.properties[{name}]", $"because it is defined in {path}.properties[{name}]"));
                original = [];
            }

            Nested(inner, original, $"{path}.properties[{name}]", errors);
        }

        if (schema["items"] is JsonObject items)
        {
            Nested(items, owner["items"] as JsonObject ?? [], $"{path}.items", errors);
        }

        Combinations(schema, path, errors);
    }

    private static string Parent(string path) => path[..path.LastIndexOf('.')];

    private static void Metadata(JsonObject schema, string path, List<FieldError> errors)
    {
        if (schema.At("properties", "metadata", "properties") is JsonObject metadata)
        {
            foreach (var (name, _) in metadata.Where(p => p.Key is not ("name" or "generateName")))
            {
                errors.Add(FieldError.Forbidden($"{path}.properties[metadata].properties[{name}]", "must not specify anything other than name and generateName, but metadata is implicitly specified"));
            }
        }
    }

    private static void Defaults(JsonObject schema, string path, List<FieldError> errors)
    {
        if (schema["default"] is { } value)
        {
            var structural = StructuralSchemaParser.Parse(schema);
            var complete = value.DeepClone();
            if (complete is JsonObject obj && SchemaPruner.Prune(obj, structural) is { Count: > 0 } unknown)
            {
                errors.Add(FieldError.Invalid($"{path}.default", JsonKinds.Show(value), "must not have unknown fields: " + string.Join(", ", unknown)));
            }

            SchemaDefaulter.Apply(complete, structural);
            foreach (var error in SchemaValidator.Validate(complete, structural))
            {
                errors.Add(error with { Field = error.Field == "<nil>" ? $"{path}.default" : $"{path}.default.{error.Field}" });
            }
        }

        foreach (var (name, property) in schema["properties"] as JsonObject ?? [])
        {
            if (property is JsonObject inner)
            {
                Defaults(inner, $"{path}.properties[{name}]", errors);
            }
        }

        if (schema["items"] is JsonObject items)
        {
            Defaults(items, $"{path}.items", errors);
        }

        if (schema["additionalProperties"] is JsonObject values)
        {
            Defaults(values, $"{path}.additionalProperties", errors);
        }
    }
}
