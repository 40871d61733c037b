using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Godwit.Machinery;

namespace Godwit.VirtApi.Admission;

/// <summary>From documents to typed objects, and from changed objects back to patches of the documents.</summary>
internal static class Documents
{
    /// <summary>The typed object, or the reason why the document is none.</summary>
    public static bool TryRead<T>(
        JsonObject? document, JsonTypeInfo<T> type, [NotNullWhen(true)] out T? result, [NotNullWhen(false)] out AdmissionVerdict? refusal)
        where T : class
    {
        result = null;
        refusal = null;
        if (NullElement(document, "") is { } place)
        {
            refusal = AdmissionVerdict.BadRequest($"{place}: null is no element of a list");
            return false;
        }

        try
        {
            result = document?.Deserialize(type);
            refusal = result is null ? AdmissionVerdict.BadRequest("the request carries no object") : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            var path = e is JsonException { Path: { } p } ? p.TrimStart('$', '.') : "";
            refusal = AdmissionVerdict.BadRequest(path.Length > 0 ? $"{path}: the value has the wrong type ({e.Message})" : e.Message);
        }

        return result is not null;
    }

    /// <summary>
    /// The patch that brings the parts which defaults touch into a document. The rest is left alone, whatever a round trip through
    /// types may make of it.
    /// </summary>
    public static JsonArray Patch<T>(JsonObject document, T changed, JsonTypeInfo<T> type)
    {
        var target = document.Clone();
        var source = (JsonObject)JsonSerializer.SerializeToNode(changed, type)!;
        Copy(source, target, "spec");
        Copy(source, target, "status");
        foreach (var part in (ReadOnlySpan<string>)["labels", "annotations", "finalizers"])
        {
            Copy(source.Ensure("metadata"), target.Ensure("metadata"), part);
        }

        return JsonPatch.Diff(document, target);
    }

    /// <summary>Where a list has a null, which no list of ours may have: mutating webhooks see documents before their schema does.</summary>
    private static string? NullElement(JsonNode? node, string path) => node switch
    {
        JsonObject fields => fields.Select(field => NullElement(field.Value, path.Length > 0 ? $"{path}.{field.Key}" : field.Key)).FirstOrDefault(static found => found is not null),
        JsonArray items => items.Select((item, i) => item is null ? $"{path}[{i}]" : NullElement(item, $"{path}[{i}]")).FirstOrDefault(static found => found is not null),
        _ => null,
    };

    private static void Copy(JsonObject source, JsonObject target, string name)
    {
        if (source[name] is { } value)
        {
            target[name] = value.DeepClone();
        }
        else
        {
            target.Remove(name);
        }
    }
}
