using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Schema;

/// <summary>Removes what a structural schema does not name. Pruning what was pruned changes nothing.</summary>
public static class SchemaPruner
{
    private static readonly string[] RootFields = ["apiVersion", "kind", "metadata"];

    /// <summary>Prunes in place and returns the paths of what went, sorted.</summary>
    public static IReadOnlyList<string> Prune(JsonObject obj, StructuralSchema schema)
    {
        var removed = new List<string>();
        Object(obj, schema, "", true, removed);
        removed.Sort(StringComparer.Ordinal);
        return removed;
    }

    private static void Node(JsonNode? node, StructuralSchema schema, string path, List<string> removed)
    {
        switch (node)
        {
            case JsonObject obj:
                Object(obj, schema, path, schema.EmbeddedResource, removed);
                break;
            case JsonArray array when schema.Items is { } items:
                for (var i = 0; i < array.Count; i++)
                {
                    Node(array[i], items, $"{path}[{i}]", removed);
                }

                break;
            case JsonArray array when !schema.PreserveUnknownFields:
                // A list where the schema has none: its objects hold nothing that is known.
                for (var i = 0; i < array.Count; i++)
                {
                    Node(array[i], Closed, $"{path}[{i}]", removed);
                }

                break;
            default:
                break;
        }
    }

    private static void Object(JsonObject obj, StructuralSchema schema, string path, bool isResource, List<string> removed)
    {
        List<string>? unknown = null;
        foreach (var (name, value) in obj)
        {
            if (isResource && RootFields.Contains(name))
            {
                if (name == "metadata" && value is JsonObject metadata)
                {
                    Object(metadata, BuiltInSchemas.ObjectMeta, Join(path, name), false, removed);
                }

                continue;
            }

            if (schema.Properties.TryGetValue(name, out var property))
            {
                Node(value, property, Join(path, name), removed);
            }
            else if (schema.AdditionalProperties is { } additional)
            {
                Node(value, additional, Join(path, name), removed);
            }
            else if (!schema.PreserveUnknownFields)
            {
                (unknown ??= []).Add(name);
            }
        }

        foreach (var name in unknown ?? [])
        {
            obj.Remove(name);
            removed.Add(Join(path, name));
        }
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static readonly StructuralSchema Closed = new();
}
