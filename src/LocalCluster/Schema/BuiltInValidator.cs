using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;

namespace Godwit.LocalCluster.Schema;

/// <summary>
/// What the facts say about values of built-in kinds: required fields, allowed words, unique list keys. Metadata and status are
/// left out: the first has its own rules, the second is written by components.
/// </summary>
internal static class BuiltInValidator
{
    public static IReadOnlyList<FieldError> Validate(JsonObject obj, StructuralSchema schema, JsonObject? old)
    {
        var errors = new List<FieldError>();
        foreach (var (name, property) in schema.Properties)
        {
            if (name is not ("metadata" or "status" or "apiVersion" or "kind") && !(old is not null && JsonNode.DeepEquals(obj[name], old[name])))
            {
                Field(obj, name, property, schema.Required.Contains(name), "", errors);
            }
        }

        return errors;
    }

    private static void Field(JsonObject owner, string name, StructuralSchema schema, bool required, string path, List<FieldError> errors)
    {
        var at = path.Length == 0 ? name : $"{path}.{name}";
        var value = owner[name];
        if (value is null or JsonArray { Count: 0 } || (value is JsonValue v && v.GetValueKind() == JsonValueKind.String && v.GetValue<string>().Length == 0))
        {
            if (required && schema.Type is not "boolean" && !(schema.Type is "integer" && value is not null))
            {
                errors.Add(FieldError.Required(at));
            }

            return;
        }

        Node(value, schema, at, errors);
    }

    private static void Node(JsonNode value, StructuralSchema schema, string path, List<FieldError> errors)
    {
        if (schema.Enum.Count > 0 && !schema.Enum.Any(e => JsonNode.DeepEquals(e, value)))
        {
            errors.Add(FieldError.NotSupported(path, JsonKinds.Show(value), schema.Enum.Select(e => e!.GetValue<string>())));
        }

        switch (value)
        {
            case JsonObject obj when schema.AdditionalProperties is { } values:
                foreach (var (key, inner) in obj)
                {
                    if (inner is not null)
                    {
                        Node(inner, values, $"{path}[{key}]", errors);
                    }
                }

                break;
            case JsonObject obj when schema.TypeName != BuiltInSchemas.ObjectMeta.TypeName:
                foreach (var (name, property) in schema.Properties)
                {
                    if (obj.ContainsKey(name) || schema.Required.Contains(name))
                    {
                        Field(obj, name, property, schema.Required.Contains(name), path, errors);
                    }
                }

                break;
            case JsonArray array when schema.Items is { } items:
                var seen = new HashSet<string>(StringComparer.Ordinal);
                for (var i = 0; i < array.Count; i++)
                {
                    if (array[i] is { } item)
                    {
                        Node(item, items, $"{path}[{i}]", errors);
                        Duplicate(item, schema, $"{path}[{i}]", seen, errors);
                    }
                }

                break;
            default:
                break;
        }
    }

    // Only lists keyed by name: the keys of others (ports, tolerations) are no identity for the server's validation.
    private static void Duplicate(JsonNode item, StructuralSchema schema, string path, HashSet<string> seen, List<FieldError> errors)
    {
        if (schema.ListMapKeys is ["name"] && item["name"] is JsonValue name && name.GetValueKind() == JsonValueKind.String
            && name.GetValue<string>().Length > 0 && !seen.Add(name.GetValue<string>()) && !schema.Items!.Properties.ContainsKey("value"))
        {
            errors.Add(FieldError.Duplicate($"{path}.name", JsonKinds.Show(name)));
        }
    }
}
