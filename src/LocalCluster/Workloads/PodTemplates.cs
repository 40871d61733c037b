using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>Templates of pods: pods made of them, whether two are the same, and a short hash that tells them apart. Pure.</summary>
internal static class PodTemplates
{
    /// <summary>The label that tells the pods of a deployment's templates apart.</summary>
    public const string HashLabel = "pod-template-hash";

    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>The pod that a workload makes of its template; its name is given when it is created.</summary>
    public static JsonObject Pod(JsonObject owner, JsonNode? template)
    {
        var metadata = new JsonObject { ["generateName"] = owner.Name() + "-", ["namespace"] = owner.Namespace() };
        foreach (var name in (string[])["labels", "annotations", "finalizers"])
        {
            if (template.At("metadata", name) is { } value)
            {
                metadata[name] = value.DeepClone();
            }
        }

        metadata["ownerReferences"] = new JsonArray(OwnedObjects.Reference(owner));
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = metadata,
            ["spec"] = template.At("spec")?.DeepClone() ?? new JsonObject(),
        };
    }

    /// <summary>Whether two templates make the same pods, apart from the label with the hash.</summary>
    public static bool AreEqual(JsonNode? a, JsonNode? b) => JsonNode.DeepEquals(WithoutHash(a), WithoutHash(b));

    /// <summary>The hash of a template; the number of collisions so far makes another one.</summary>
    public static string Hash(JsonNode? template, long? collisions)
    {
        var text = new StringBuilder();
        Write(template, text);
        if (collisions is { } count)
        {
            text.Append(CultureInfo.InvariantCulture, $"#{count}");
        }

        var hash = 2166136261u;
        foreach (var octet in Encoding.UTF8.GetBytes(text.ToString()))
        {
            hash = unchecked((hash * 16777619) ^ octet);
        }

        return string.Concat(hash.ToString(CultureInfo.InvariantCulture).Select(c => Alphabet[c % Alphabet.Length]));
    }

    private static JsonNode? WithoutHash(JsonNode? template)
    {
        if (template.At("metadata", "labels", HashLabel) is null)
        {
            return template;
        }

        var copy = template!.DeepClone();
        ((JsonObject)copy.At("metadata", "labels")!).Remove(HashLabel);
        return copy;
    }

    // The order of members is none of the template's matter.
    private static void Write(JsonNode? node, StringBuilder text)
    {
        switch (node)
        {
            case JsonObject obj:
                text.Append('{');
                foreach (var (name, value) in obj.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    text.Append(JsonValue.Create(name).ToJsonString()).Append(':');
                    Write(value, text);
                    text.Append(',');
                }

                text.Append('}');
                break;
            case JsonArray array:
                text.Append('[');
                foreach (var item in array)
                {
                    Write(item, text);
                    text.Append(',');
                }

                text.Append(']');
                break;
            default:
                text.Append(node?.ToJsonString() ?? "null");
                break;
        }
    }
}
