using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Http;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>From what a client sent to an object of the right kind: unknown fields out (and reported as asked), defaults in.</summary>
internal static class Decoding
{
    private static readonly HashSet<string> MetadataFields = new(StringComparer.Ordinal)
    {
        "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
        "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers", "managedFields",
    };

    /// <summary>Refuses an object of another kind; fills in what the path says when the body leaves it out.</summary>
    public static void CheckKind(ResourceTarget target, JsonObject obj)
    {
        var expected = target.Resource.ApiVersion(target.Version.Name);
        var kind = ResourceOperations.Text(obj, "kind");
        var apiVersion = ResourceOperations.Text(obj, "apiVersion");
        if (kind.Length == 0 && target.Resource.Custom)
        {
            throw ApiErrors.BadRequest("Object 'Kind' is missing in '" + Store.ObjectCodec.ToText(obj) + "'");
        }

        if (apiVersion.Length == 0 && target.Resource.Custom)
        {
            throw ApiErrors.BadRequest("Object 'apiVersion' is missing in '" + Store.ObjectCodec.ToText(obj) + "'");
        }

        if (kind.Length > 0 && kind != target.Resource.Kind)
        {
            throw ApiErrors.BadRequest(
                $"{kind} in version \"{VersionOf(apiVersion)}\" cannot be handled as a {target.Resource.Kind}: converting ({VersionOf(apiVersion)}.{kind}) to ({InternalGroup(target)}.{target.Resource.Kind}): unknown conversion");
        }

        if (apiVersion.Length > 0 && apiVersion != expected)
        {
            throw ApiErrors.BadRequest(
                $"the API version in the data ({apiVersion}) does not match the expected API version ({expected})");
        }

        obj["kind"] = target.Resource.Kind;
        obj["apiVersion"] = expected;
    }

    /// <summary>The metadata, made when it is missing.</summary>
    public static JsonObject Metadata(JsonObject obj)
    {
        switch (obj["metadata"])
        {
            case JsonObject metadata:
                return metadata;
            case null:
                var made = new JsonObject();
                obj["metadata"] = made;
                return made;
            default:
                throw ApiErrors.BadRequest($"json: cannot unmarshal {RequestBody.KindOf(obj["metadata"])} into Go struct field .metadata of type v1.ObjectMeta");
        }
    }

    /// <summary>Prunes, reports by the request's field validation, and defaults, in place.</summary>
    public static void Decode(ResourceTarget target, JsonObject obj, RequestOptions options)
    {
        if (!target.Resource.Custom)
        {
            DropNulls(obj);
        }

        var typeError = CheckMetadataTypes(obj);
        var unknown = PruneMetadata(obj);
        if (target.Version.Schema is { } schema)
        {
            var result = schema.Decode(obj);
            typeError ??= result.TypeError;
            unknown.AddRange(result.UnknownFields.Except(unknown, StringComparer.Ordinal).ToList());
        }

        if (typeError is not null)
        {
            throw Refused(target, options, typeError);
        }

        Report(target, options, unknown);
        target.Version.Schema?.Default(obj);
    }

    private static void Report(ResourceTarget target, RequestOptions options, List<string> unknown)
    {
        if (options.FieldValidation == "Ignore" || (unknown.Count == 0 && options.DuplicateFields.Count == 0))
        {
            return;
        }

        var problems = options.DuplicateFields.Select(f => $"duplicate field \"{f}\"").Concat(unknown.Select(f => $"unknown field \"{f}\""));
        if (options.FieldValidation == "Strict")
        {
            throw Refused(target, options, "strict decoding error: " + string.Join(", ", problems));
        }

        options.Warnings.AddRange(problems.Except(options.Warnings, StringComparer.Ordinal).ToList());
    }

    private static StatusException Refused(ResourceTarget target, RequestOptions options, string why) => options.PatchText is { } patch
        ? ApiErrors.Invalid("", "", "", [FieldError.Invalid("patch", '"' + patch.Replace("\"", "\\\"", StringComparison.Ordinal) + '"', why)])
        : ApiErrors.BadRequest($"{target.Resource.Kind} in version \"{target.Version.Name}\" cannot be handled as a {target.Resource.Kind}: {why}");

    private static List<string> PruneMetadata(JsonObject obj)
    {
        var unknown = new List<string>();
        if (obj["metadata"] is JsonObject metadata)
        {
            foreach (var name in metadata.Select(p => p.Key).Where(k => !MetadataFields.Contains(k)).ToList())
            {
                metadata.Remove(name);
                unknown.Add("metadata." + name);
            }

            // An empty map or list of metadata says no more than its absence.
            foreach (var name in metadata.Where(p => p.Value is null or JsonArray { Count: 0 } or JsonObject { Count: 0 }).Select(p => p.Key).ToList())
            {
                metadata.Remove(name);
            }
        }

        return unknown;
    }

    private static string? CheckMetadataTypes(JsonObject obj)
    {
        if (obj["metadata"] is not JsonObject metadata)
        {
            return null;
        }

        foreach (var name in (string[])["labels", "annotations"])
        {
            if (metadata[name] is { } map and not JsonObject)
            {
                return $"json: cannot unmarshal {RequestBody.KindOf(map)} into Go struct field ObjectMeta.metadata.{name} of type map[string]string";
            }

            var wrong = (metadata[name] as JsonObject)?.FirstOrDefault(p => p.Value is not null && p.Value.GetValueKind() != JsonValueKind.String).Value;
            if (wrong is not null)
            {
                return $"json: cannot unmarshal {RequestBody.KindOf(wrong)} into Go struct field ObjectMeta.metadata.{name} of type string";
            }
        }

        foreach (var name in (string[])["name", "generateName", "namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp"])
        {
            if (metadata[name] is { } text && text.GetValueKind() != JsonValueKind.String)
            {
                return $"json: cannot unmarshal {RequestBody.KindOf(text)} into Go struct field ObjectMeta.metadata.{name} of type string";
            }
        }

        foreach (var name in (string[])["finalizers", "ownerReferences", "managedFields"])
        {
            if (metadata[name] is { } list and not JsonArray)
            {
                return $"json: cannot unmarshal {RequestBody.KindOf(list)} into Go struct field ObjectMeta.metadata.{name} of type []string";
            }
        }

        return (metadata["ownerReferences"] as JsonArray)?.Any(o => o is not JsonObject) == true
            ? "json: cannot unmarshal string into Go struct field ObjectMeta.metadata.ownerReferences of type v1.OwnerReference"
            : null;
    }

    // A null field of a built-in kind means that the field is not set.
    private static void DropNulls(JsonObject obj)
    {
        List<string>? gone = null;
        foreach (var (name, value) in obj)
        {
            switch (value)
            {
                case null:
                    (gone ??= []).Add(name);
                    break;
                case JsonObject child:
                    DropNulls(child);
                    break;
                case JsonArray array:
                    foreach (var item in array.OfType<JsonObject>())
                    {
                        DropNulls(item);
                    }

                    break;
            }
        }

        foreach (var name in gone ?? [])
        {
            obj.Remove(name);
        }
    }

    private static string VersionOf(string apiVersion) => apiVersion[(apiVersion.IndexOf('/', StringComparison.Ordinal) + 1)..];

    private static string InternalGroup(ResourceTarget target) => target.Resource.Group.Length == 0 ? "core" : target.Resource.Group.Split('.')[0];
}
