using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Schema;

/// <summary>
/// Fills in a structural schema's defaults, outer ones first, so that an inner default finds its parent. A null where none may be
/// is taken for absent, as a real API server does (Kubernetes documentation, "Defaulting and Nullable").
/// </summary>
public static class SchemaDefaulter
{
    /// <summary>Works in place.</summary>
    public static void Apply(JsonNode? node, StructuralSchema schema)
    {
        switch (node)
        {
            case JsonObject obj:
                foreach (var name in obj.Where(member => IsStray(member.Value, schema, member.Key)).Select(static member => member.Key).ToList())
                {
                    obj.Remove(name);
                }

                foreach (var (name, property) in schema.Properties)
                {
                    if (property.Default is { } value
                        && (!obj.TryGetPropertyValue(name, out var present) || (present is null && !property.Nullable)))
                    {
                        obj[name] = value.DeepClone();
                    }
                }

                foreach (var (name, value) in obj)
                {
                    if (value is JsonObject or JsonArray && (schema.Properties.GetValueOrDefault(name) ?? schema.AdditionalProperties) is { } inner)
                    {
                        Apply(value, inner);
                    }
                }

                break;
            case JsonArray array when schema.Items is { } items:
                foreach (var item in array)
                {
                    Apply(item, items);
                }

                break;
            default:
                break;
        }
    }

    private static bool IsStray(JsonNode? value, StructuralSchema schema, string name) =>
        value is null && (schema.Properties.GetValueOrDefault(name) ?? schema.AdditionalProperties) is { Nullable: false, Default: null };
}
