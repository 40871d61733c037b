using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.Machinery;

/// <summary>Reads Kubernetes documents of unknown type: metadata, and values by path.</summary>
public static class JsonObjects
{
    /// <summary>The node under the given member names; null when any step is missing or is no object.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (node is not JsonObject here || !here.TryGetPropertyValue(name, out node))
            {
                return null;
            }
        }

        return node;
    }

    /// <summary>The string under the given member names; null when missing or not a string. Half a surrogate pair is not one.</summary>
    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        try
        {
            return node.At(path) is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The integer under the given member names; null when missing or not an integer.</summary>
    public static long? Integer(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        if (node.At(path) is not JsonValue value || value.GetValueKind() != JsonValueKind.Number)
        {
            return null;
        }

        if (value.TryGetValue<long>(out var number))
        {
            return number;
        }

        return value.TryGetValue<int>(out var small) ? small : null;
    }

    /// <summary>The truth value under the given member names; null when missing or not one.</summary>
    public static bool? Flag(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path)?.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };

    /// <summary>The object under the given member names, made where it is missing.</summary>
    public static JsonObject Ensure(this JsonObject node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (node[name] is not JsonObject next)
            {
                next = [];
                node[name] = next;
            }

            node = next;
        }

        return node;
    }

    public static string Name(this JsonNode? @object) => @object.Text("metadata", "name") ?? "";

    public static string Namespace(this JsonNode? @object) => @object.Text("metadata", "namespace") ?? "";

    public static string Uid(this JsonNode? @object) => @object.Text("metadata", "uid") ?? "";

    public static string ResourceVersion(this JsonNode? @object) => @object.Text("metadata", "resourceVersion") ?? "";

    public static NamespacedName Key(this JsonNode? @object) => new(@object.Namespace(), @object.Name());

    /// <summary>Labels; empty when there are none.</summary>
    public static IReadOnlyDictionary<string, string> Labels(this JsonNode? @object) => @object.Strings("metadata", "labels");

    /// <summary>Annotations; empty when there are none.</summary>
    public static IReadOnlyDictionary<string, string> Annotations(this JsonNode? @object) => @object.Strings("metadata", "annotations");

    /// <summary>The string members of the object under the given member names.</summary>
    public static IReadOnlyDictionary<string, string> Strings(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        if (node.At(path) is JsonObject members)
        {
            foreach (var (name, value) in members)
            {
                if (value is JsonValue scalar && scalar.TryGetValue<string>(out var text))
                {
                    result[name] = text;
                }
            }
        }

        return result;
    }

    /// <summary>A copy that shares nothing with the original.</summary>
    public static JsonObject Clone(this JsonObject @object) => (JsonObject)@object.DeepClone();
}
