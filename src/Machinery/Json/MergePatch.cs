using System.Text.Json.Nodes;

namespace Godwit.Machinery;

/// <summary>RFC 7396: members are merged, null deletes, anything else (lists too) replaces.</summary>
public static class MergePatch
{
    /// <summary>The document after the patch; neither argument is changed.</summary>
    public static JsonNode? Apply(JsonNode? document, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        var result = document is JsonObject old ? (JsonObject)old.DeepClone() : [];
        foreach (var (name, change) in changes)
        {
            if (change is null)
            {
                result.Remove(name);
            }
            else
            {
                result[name] = Apply(result[name], change);
            }
        }

        return result;
    }

    /// <summary>The patch that leads from one document to another. Nulls within the new one cannot be expressed and mean absence.</summary>
    public static JsonObject Diff(JsonObject before, JsonObject after)
    {
        var patch = new JsonObject();
        foreach (var (name, value) in before)
        {
            if (!after.TryGetPropertyValue(name, out var other) || (other is null && value is not null))
            {
                patch[name] = null;
            }
            else if (value is JsonObject old && other is JsonObject now)
            {
                if (Diff(old, now) is { Count: > 0 } inner)
                {
                    patch[name] = inner;
                }
            }
            else if (!JsonNode.DeepEquals(value, other))
            {
                patch[name] = other?.DeepClone();
            }
        }

        foreach (var (name, value) in after)
        {
            if (value is not null && !before.ContainsKey(name))
            {
                patch[name] = value.DeepClone();
            }
        }

        return patch;
    }
}
