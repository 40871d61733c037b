using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.LocalCluster.ApiServer.Errors;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Rules that ConfigMaps and Secrets share.</summary>
internal static partial class DataRules
{
    private const int MaxBytes = 1024 * 1024;

    public static IEnumerable<FieldError> Keys(JsonNode? map, string field)
    {
        foreach (var (key, _) in map as JsonObject ?? [])
        {
            if (key.Length > 253)
            {
                yield return FieldError.Invalid($"{field}[{key}]", '"' + key + '"', "must be no more than 253 characters");
            }

            if (!KeyForm().IsMatch(key) || key is "." or "..")
            {
                yield return FieldError.Invalid($"{field}[{key}]", '"' + key + '"',
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')");
            }
        }
    }

    public static IEnumerable<FieldError> Size(params JsonNode?[] maps)
    {
        var size = maps.OfType<JsonObject>().SelectMany(m => m).Sum(p => p.Value is JsonValue v && v.GetValueKind() == JsonValueKind.String ? Encoding.UTF8.GetByteCount(v.GetValue<string>()) : 0);
        if (size > MaxBytes)
        {
            yield return FieldError.TooLong("", MaxBytes);
        }
    }

    public static IEnumerable<FieldError> Immutable(JsonObject obj, JsonObject old, IEnumerable<string> fields)
    {
        if (old["immutable"]?.GetValueKind() != JsonValueKind.True)
        {
            yield break;
        }

        if (obj["immutable"]?.GetValueKind() != JsonValueKind.True)
        {
            yield return FieldError.Forbidden("immutable", "field is immutable when `immutable` is set");
        }

        foreach (var field in fields)
        {
            if (!JsonNode.DeepEquals(obj[field], old[field]))
            {
                yield return FieldError.Forbidden(field, "field is immutable when `immutable` is set");
            }
        }
    }

    [GeneratedRegex("^[-._a-zA-Z0-9]+\\z", RegexOptions.NonBacktracking)]
    private static partial Regex KeyForm();
}
