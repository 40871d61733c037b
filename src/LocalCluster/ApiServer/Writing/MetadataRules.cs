using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.Writing;

/// <summary>The rules of metadata that hold for every kind.</summary>
internal static partial class MetadataRules
{
    private const string SubdomainHint =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    private const string LabelHint =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    private const string QualifiedHint =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private const string ValueHint =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private static readonly string[] OwnerFields = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];

    private const int MaxAnnotations = 256 * 1024;

    /// <summary>The rules of an object's metadata; those of Kubernetes' own kinds may be left out.</summary>
    public static IEnumerable<FieldError> Check(ResourceInfo resource, JsonObject obj, bool ofKind = true)
    {
        var metadata = (JsonObject)obj["metadata"]!;
        var name = ResourceOperations.Text(metadata, "name");
        if (name.Length == 0)
        {
            yield return FieldError.Required("metadata.name", "name or generateName is required");
        }
        else
        {
            foreach (var problem in NameProblems(resource.Strategy, name))
            {
                yield return FieldError.Invalid("metadata.name", Quote(name), problem);
            }
        }

        if (ResourceOperations.Text(metadata, "generateName") is { Length: > 253 } prefix)
        {
            yield return FieldError.Invalid("metadata.generateName", Quote(prefix), "must be no more than 253 characters");
        }

        foreach (var error in Labels(metadata["labels"] as JsonObject).Concat(Annotations(metadata["annotations"] as JsonObject))
            .Concat(Finalizers(metadata["finalizers"] as JsonArray)).Concat(Owners(metadata["ownerReferences"] as JsonArray))
            .Concat(ofKind && IsOwnKind(resource) ? FinalizerNames(metadata) : []))
        {
            yield return error;
        }
    }

    /// <summary>
    /// The rules of an update. For Kubernetes' own kinds a real server applies them twice, once for all kinds and once for the
    /// kind, and lists what it finds so.
    /// </summary>
    public static IEnumerable<FieldError> CheckUpdate(ResourceInfo resource, JsonObject obj, JsonObject old)
    {
        var metadata = (JsonObject)obj["metadata"]!;
        var always = Check(resource, obj, ofKind: false).Concat(NewFinalizers(obj, old));
        return IsOwnKind(resource)
            ? [.. always, .. NewFinalizers(obj, old), .. FinalizerNames(metadata), .. Check(resource, obj)]
            : always;
    }

    /// <summary>Adds a finalizer that is not there.</summary>
    public static void AddFinalizer(JsonObject obj, string finalizer)
    {
        var finalizers = obj.Ensure("metadata")["finalizers"] as JsonArray ?? [];
        if (!finalizers.Any(f => f?.GetValue<string>() == finalizer))
        {
            finalizers.Add((JsonNode)finalizer);
        }

        obj["metadata"]!["finalizers"] = finalizers;
    }

    private static IEnumerable<FieldError> NewFinalizers(JsonObject obj, JsonObject old)
    {
        if (old["metadata"]!["deletionTimestamp"] is null)
        {
            yield break;
        }

        var before = Strings(old["metadata"]!["finalizers"]);
        var added = Strings(obj["metadata"]!["finalizers"]).Except(before, StringComparer.Ordinal).ToList();
        if (added.Count > 0)
        {
            yield return FieldError.Forbidden("metadata.finalizers",
                $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{string.Join(", ", added.Select(Quote))}}}");
        }
    }

    /// <summary>What is wrong with a name, as sentences; empty when nothing is.</summary>
    public static IEnumerable<string> NameProblems(ResourceStrategy strategy, string name)
    {
        if (strategy.AllowsPathSegmentNames)
        {
            if (name is "." or "..")
            {
                yield return $"may not be '{name}'";
            }

            foreach (var illegal in (string[])["/", "%"])
            {
                if (name.Contains(illegal, StringComparison.Ordinal))
                {
                    yield return $"may not contain '{illegal}'";
                }
            }

            yield break;
        }

        if (name.Length > strategy.MaxNameLength)
        {
            yield return $"must be no more than {strategy.MaxNameLength} characters";
        }

        if (strategy.MaxNameLength <= 63)
        {
            if (!DnsLabel().IsMatch(name))
            {
                yield return LabelHint;
            }
        }
        else if (!Subdomain().IsMatch(name))
        {
            yield return SubdomainHint;
        }
    }

    /// <summary>The rules of a map of labels, wherever it stands.</summary>
    public static IEnumerable<FieldError> Labels(JsonObject? labels, string path = "metadata.labels")
    {
        foreach (var (key, value) in labels ?? [])
        {
            foreach (var problem in KeyProblems(key))
            {
                yield return FieldError.Invalid(path, Quote(key), problem);
            }

            var text = value?.GetValue<string>() ?? "";
            foreach (var problem in ValueProblems(text))
            {
                yield return FieldError.Invalid(path, Quote(text), problem);
            }
        }
    }

    /// <summary>What is wrong with a label's value, as sentences.</summary>
    public static IEnumerable<string> ValueProblems(string value)
    {
        if (value.Length > 63)
        {
            yield return "must be no more than 63 bytes";
        }

        if (!LabelValue().IsMatch(value))
        {
            yield return ValueHint;
        }
    }

    private static IEnumerable<FieldError> Annotations(JsonObject? annotations)
    {
        var size = 0;
        foreach (var (key, value) in annotations ?? [])
        {
            foreach (var problem in KeyProblems(key.ToLowerInvariant()))
            {
                yield return FieldError.Invalid("metadata.annotations", Quote(key), problem);
            }

            size += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value?.GetValue<string>() ?? "");
        }

        if (size > MaxAnnotations)
        {
            yield return FieldError.TooLong("metadata.annotations", MaxAnnotations);
        }
    }

    private static IEnumerable<FieldError> Finalizers(JsonArray? finalizers)
    {
        var all = Strings(finalizers);
        foreach (var finalizer in all)
        {
            foreach (var problem in KeyProblems(finalizer))
            {
                yield return FieldError.Invalid("metadata.finalizers", Quote(finalizer), problem);
            }
        }

        if (all.Contains("orphan") && all.Contains("foregroundDeletion"))
        {
            yield return FieldError.Invalid("metadata.finalizers", "[" + string.Join(",", all.Select(Quote)) + "]", "finalizer orphan and foregroundDeletion cannot be both set");
        }

    }

    /// <summary>Kubernetes' own kinds ask for more than those of its extension groups and than custom resources do.</summary>
    private static bool IsOwnKind(ResourceInfo resource) =>
        !resource.Custom && resource.Group is not ("apiextensions.k8s.io" or "apiregistration.k8s.io" or "admissionregistration.k8s.io");

    private static IEnumerable<FieldError> FinalizerNames(JsonObject metadata)
    {
        foreach (var (finalizer, i) in Strings(metadata["finalizers"]).Select((f, i) => (f, i)))
        {
            if (!finalizer.Contains('/', StringComparison.Ordinal) && finalizer is not ("kubernetes" or "orphan" or "foregroundDeletion"))
            {
                yield return FieldError.Invalid($"metadata.finalizers[{i}]", Quote(finalizer), "name is neither a standard finalizer name nor is it fully qualified");
            }
        }
    }

    private static IEnumerable<FieldError> Owners(JsonArray? owners)
    {
        var controllers = new List<JsonObject>();
        foreach (var owner in (owners ?? []).OfType<JsonObject>())
        {
            foreach (var name in (string[])["apiVersion", "kind", "name", "uid"])
            {
                if (ResourceOperations.Text(owner, name).Length == 0)
                {
                    yield return FieldError.Invalid($"metadata.ownerReferences.{name}", "\"\"", name == "apiVersion" ? "version must not be empty" : "must not be empty");
                }
            }

            if (owner.Flag("controller") != true)
            {
                continue;
            }

            controllers.Add(owner);
            if (controllers.Count > 1)
            {
                yield return FieldError.Invalid("metadata.ownerReferences", Listed(owners!),
                    $"Only one reference can have Controller set to true. Found \"true\" in references for {Named(controllers[0])} and {Named(owner)}");
            }
        }
    }

    private static string Named(JsonObject owner) => $"{ResourceOperations.Text(owner, "kind")}/{ResourceOperations.Text(owner, "name")}";

    private static string Listed(JsonArray owners) => "[" + string.Join(',', owners.OfType<JsonObject>().Select(static owner => Store.ObjectCodec.ToText(
        new JsonObject(OwnerFields.Where(owner.ContainsKey).Select(f => KeyValuePair.Create(f, owner[f]?.DeepClone())))))) + "]";

    /// <summary>What is wrong with the key of a label or an annotation, as sentences.</summary>
    public static IEnumerable<string> KeyProblems(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        var name = key;
        if (slash >= 0)
        {
            if (key.IndexOf('/', slash + 1) >= 0)
            {
                yield return "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
                yield break;
            }

            var prefix = key[..slash];
            name = key[(slash + 1)..];
            if (prefix.Length == 0)
            {
                yield return "prefix part must be non-empty";
            }
            else if (!Subdomain().IsMatch(prefix))
            {
                yield return "prefix part " + SubdomainHint;
            }
        }

        if (name.Length == 0)
        {
            yield return "name part must be non-empty";
        }
        else if (name.Length > 63)
        {
            yield return "name part must be no more than 63 bytes";
        }

        if (!QualifiedName().IsMatch(name))
        {
            yield return QualifiedHint;
        }
    }

    private static List<string> Strings(JsonNode? array) =>
        (array as JsonArray)?.OfType<JsonValue>().Select(v => v.ToString()).ToList() ?? [];

    private static string Quote(string text) => '"' + text + '"';

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Subdomain();

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?\\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex DnsLabel();

    [GeneratedRegex("^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex QualifiedName();

    [GeneratedRegex("^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex LabelValue();
}
