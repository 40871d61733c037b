using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Crd;

/// <summary>The rules that a CustomResourceDefinition must keep.</summary>
internal static partial class CrdValidator
{
    private const string ApprovalAnnotation = "api-approved.kubernetes.io";

    private static readonly string[] ColumnTypes = ["boolean", "date", "integer", "number", "string"];

    public static IEnumerable<FieldError> Validate(JsonObject definition)
    {
        var errors = new List<FieldError>();
        var spec = definition["spec"] as JsonObject ?? [];
        var names = spec["names"] as JsonObject ?? [];
        if (definition.Name() != $"{names.Text("plural")}.{spec.Text("group")}")
        {
            errors.Add(FieldError.Invalid("metadata.name", $"\"{definition.Name()}\"", "must be spec.names.plural+\".\"+spec.group"));
        }

        Group(definition, spec, errors);
        if (spec.Text("scope") is not ("Cluster" or "Namespaced"))
        {
            errors.Add(spec.Text("scope") is { Length: > 0 } scope
                ? FieldError.NotSupported("spec.scope", $"\"{scope}\"", ["Cluster", "Namespaced"])
                : FieldError.Required("spec.scope"));
        }

        Versions(spec, errors);
        Names(names, errors);
        if (spec.Flag("preserveUnknownFields") == true)
        {
            errors.Add(FieldError.Invalid("spec.preserveUnknownFields", "true", "must be false in order to use defaults in the schema"));
        }

        if (spec.Text("conversion", "strategy") is { } strategy and not "None")
        {
            errors.Add(FieldError.NotSupported("spec.conversion.strategy", $"\"{strategy}\"", ["None"]));
        }

        if (CrdNames.Texts(definition.At("status", "storedVersions")).Count == 0)
        {
            errors.Add(FieldError.Invalid("status.storedVersions", "null", "must have at least one stored version"));
        }

        return errors;
    }

    private static void Group(JsonObject definition, JsonObject spec, List<FieldError> errors)
    {
        var group = spec.Text("group") ?? "";
        if (group.Length == 0)
        {
            errors.Add(FieldError.Required("spec.group"));
        }
        else if (!group.Contains('.', StringComparison.Ordinal) || !Domain().IsMatch(group))
        {
            errors.Add(FieldError.Invalid("spec.group", $"\"{group}\"", "should be a domain with at least one dot"));
        }
        else if (group.EndsWith(".k8s.io", StringComparison.Ordinal) || group.EndsWith(".kubernetes.io", StringComparison.Ordinal) || group is "k8s.io" or "kubernetes.io")
        {
            if (string.IsNullOrEmpty(definition.Text("metadata", "annotations", ApprovalAnnotation)))
            {
                errors.Add(FieldError.Required($"metadata.annotations[{ApprovalAnnotation}]", $"protected groups must have approval annotation \"{ApprovalAnnotation}\", see https://github.com/kubernetes/enhancements/pull/1111"));
            }
        }
    }

    private static void Names(JsonObject names, List<FieldError> errors)
    {
        foreach (var field in (string[])["plural", "singular"])
        {
            var name = names.Text(field) ?? "";
            if (name.Length == 0)
            {
                if (field == "plural")
                {
                    errors.Add(FieldError.Required($"spec.names.{field}"));
                }
            }
            else if (!Label().IsMatch(name) || name.Length > 63)
            {
                errors.Add(FieldError.Invalid($"spec.names.{field}", $"\"{name}\"", "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"));
            }
        }

        foreach (var field in (string[])["kind", "listKind"])
        {
            var name = names.Text(field) ?? "";
            if (name.Length == 0)
            {
                errors.Add(FieldError.Required($"spec.names.{field}"));
            }
            else if (!Label().IsMatch(name.ToLowerInvariant()))
            {
                errors.Add(FieldError.Invalid($"spec.names.{field}", $"\"{name}\"", "may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"));
            }
        }

        if (names.Text("kind") is { Length: > 0 } kind && kind == names.Text("listKind"))
        {
            errors.Add(FieldError.Invalid("spec.names.listKind", $"\"{kind}\"", "kind and listKind may not be the same"));
        }
    }

    private static void Versions(JsonObject spec, List<FieldError> errors)
    {
        var versions = (spec["versions"] as JsonArray)?.OfType<JsonObject>().ToList() ?? [];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (version, i) in versions.Select((v, i) => (v, i)))
        {
            var name = version.Text("name") ?? "";
            if (!Label().IsMatch(name))
            {
                errors.Add(FieldError.Invalid($"spec.versions[{i}].name", $"\"{name}\"", "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"));
            }

            if (!seen.Add(name))
            {
                errors.Add(FieldError.Invalid("spec.versions", Summary(versions), "must contain unique version names"));
            }

            if (version.Text("deprecationWarning") is not null && version.Flag("deprecated") != true)
            {
                errors.Add(FieldError.Invalid($"spec.versions[{i}].deprecationWarning", $"\"{version.Text("deprecationWarning")}\"", "can only be set for deprecated versions"));
            }
        }

        if (versions.Count(v => v.Flag("storage") == true) != 1)
        {
            errors.Add(FieldError.Invalid("spec.versions", Summary(versions), "must have exactly one version marked as storage version"));
        }

        // The server keeps what all versions share in one place, and names it so in errors.
        var shared = versions.Count > 0 && versions.All(v => JsonNode.DeepEquals(v["schema"], versions[0]["schema"]));
        foreach (var (version, i) in versions.Select((v, i) => (v, i)))
        {
            if (version.At("schema", "openAPIV3Schema") is not JsonObject schema)
            {
                errors.Add(FieldError.Required($"spec.versions[{i}].schema.openAPIV3Schema"));
            }
            else if (!shared || i == 0)
            {
                StructuralRules.Check(schema, shared ? "spec.validation.openAPIV3Schema" : $"spec.versions[{i}].schema.openAPIV3Schema", errors);
            }

            Columns(version["additionalPrinterColumns"] as JsonArray, $"spec.versions[{i}].additionalPrinterColumns", errors);
            if (version.At("subresources", "scale") is JsonObject scale)
            {
                Scale(scale, $"spec.versions[{i}].subresources.scale", errors);
            }
        }
    }

    private static void Columns(JsonArray? columns, string path, List<FieldError> errors)
    {
        foreach (var (column, i) in (columns ?? []).OfType<JsonObject>().Select((c, i) => (c, i)))
        {
            if (string.IsNullOrEmpty(column.Text("name")))
            {
                errors.Add(FieldError.Required($"{path}[{i}].name"));
            }

            if (!ColumnTypes.Contains(column.Text("type") ?? ""))
            {
                errors.Add(column.Text("type") is { Length: > 0 } type
                    ? FieldError.Invalid($"{path}[{i}].type", $"\"{type}\"", "must be one of " + string.Join(",", ColumnTypes))
                    : FieldError.Required($"{path}[{i}].type", "must be one of " + string.Join(",", ColumnTypes)));
            }

            var jsonPath = column.Text("jsonPath") ?? "";
            if (jsonPath.Length == 0)
            {
                errors.Add(FieldError.Required($"{path}[{i}].jsonPath"));
                continue;
            }

            try
            {
                JsonPath.Parse(jsonPath);
            }
            catch (FormatException e)
            {
                errors.Add(FieldError.Invalid($"{path}[{i}].jsonPath", $"\"{jsonPath}\"", "is an invalid path: " + e.Message));
            }
        }
    }

    private static void Scale(JsonObject scale, string path, List<FieldError> errors)
    {
        foreach (var (field, prefix, required) in ((string, string, bool)[])[("specReplicasPath", ".spec.", true), ("statusReplicasPath", ".status.", true), ("labelSelectorPath", "", false)])
        {
            var value = scale.Text(field) ?? "";
            if (value.Length == 0)
            {
                if (required)
                {
                    errors.Add(FieldError.Required($"{path}.{field}"));
                }
            }
            else if (prefix.Length > 0 && !value.StartsWith(prefix, StringComparison.Ordinal))
            {
                errors.Add(FieldError.Invalid($"{path}.{field}", $"\"{value}\"", $"should be a json path under {prefix.TrimEnd('.')}"));
            }
            else if (prefix.Length == 0 && !value.StartsWith(".status.", StringComparison.Ordinal) && !value.StartsWith(".spec.", StringComparison.Ordinal))
            {
                errors.Add(FieldError.Invalid($"{path}.{field}", $"\"{value}\"", "should be a json path under either .spec or .status"));
            }
        }
    }

    // The server shows its own form of the versions in errors.
    private static string Summary(List<JsonObject> versions) => JsonKinds.Show(new JsonArray([.. versions.Select(JsonNode (v) => new JsonObject
    {
        ["Name"] = v.Text("name"),
        ["Served"] = v.Flag("served") ?? false,
        ["Storage"] = v.Flag("storage") ?? false,
        ["Deprecated"] = v.Flag("deprecated") ?? false,
        ["DeprecationWarning"] = v.Text("deprecationWarning"),
        ["Schema"] = null,
        ["Subresources"] = null,
        ["AdditionalPrinterColumns"] = null,
        ["SelectableFields"] = null,
    })]));

    [GeneratedRegex(@"^[a-z]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Label();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Domain();
}
