using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.LocalCluster.ApiServer.Errors;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>What a pod must look like to be accepted.</summary>
internal static partial class PodRules
{
    private const string LabelHint =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    public static IEnumerable<FieldError> Check(JsonObject pod)
    {
        if (pod["spec"] is not JsonObject spec)
        {
            return [FieldError.Required("spec.containers")];
        }

        var volumes = new HashSet<string>(StringComparer.Ordinal);
        var errors = new List<FieldError>();
        errors.AddRange(Volumes(spec, volumes));
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (spec["containers"] is not JsonArray { Count: > 0 })
        {
            errors.Add(FieldError.Required("spec.containers"));
        }

        foreach (var list in (string[])["initContainers", "containers"])
        {
            foreach (var (container, i) in Objects(spec[list]).Select((c, i) => (c, i)))
            {
                errors.AddRange(Container(container, $"spec.{list}[{i}]", names, volumes));
            }
        }

        var restart = ResourceOperations.Text(spec, "restartPolicy");
        if (restart is not ("Always" or "OnFailure" or "Never"))
        {
            errors.Add(FieldError.NotSupported("spec.restartPolicy", '"' + restart + '"', ["Always", "Never", "OnFailure"]));
        }

        return errors;
    }

    private static IEnumerable<FieldError> Volumes(JsonObject spec, HashSet<string> names)
    {
        foreach (var (volume, i) in Objects(spec["volumes"]).Select((v, i) => (v, i)))
        {
            var path = $"spec.volumes[{i}]";
            var name = ResourceOperations.Text(volume, "name");
            if (name.Length == 0)
            {
                yield return FieldError.Required(path + ".name");
            }
            else if (!Label().IsMatch(name) || name.Length > 63)
            {
                yield return FieldError.Invalid(path + ".name", '"' + name + '"', LabelHint);
            }
            else if (!names.Add(name))
            {
                yield return FieldError.Duplicate(path + ".name", '"' + name + '"');
            }

            if (volume.Count(p => p.Key != "name") > 1)
            {
                yield return FieldError.Forbidden(path + "." + volume.Where(p => p.Key != "name").Skip(1).First().Key, "may not specify more than 1 volume type");
            }
        }
    }

    private static IEnumerable<FieldError> Container(JsonObject container, string path, HashSet<string> names, HashSet<string> volumes)
    {
        var name = ResourceOperations.Text(container, "name");
        if (name.Length == 0)
        {
            yield return FieldError.Required(path + ".name");
        }
        else if (!Label().IsMatch(name) || name.Length > 63)
        {
            yield return FieldError.Invalid(path + ".name", '"' + name + '"', LabelHint);
        }
        else if (!names.Add(name))
        {
            yield return FieldError.Duplicate(path + ".name", '"' + name + '"');
        }

        var image = ResourceOperations.Text(container, "image");
        if (image.Length == 0)
        {
            yield return FieldError.Required(path + ".image");
        }
        else if (image != image.Trim())
        {
            yield return FieldError.Invalid(path + ".image", '"' + image + '"', "must not have leading or trailing whitespace");
        }

        foreach (var (mount, i) in Objects(container["volumeMounts"]).Select((m, i) => (m, i)))
        {
            var volume = ResourceOperations.Text(mount, "name");
            if (!volumes.Contains(volume))
            {
                yield return FieldError.NotFound($"{path}.volumeMounts[{i}].name", '"' + volume + '"');
            }

            if (ResourceOperations.Text(mount, "mountPath").Length == 0)
            {
                yield return FieldError.Required($"{path}.volumeMounts[{i}].mountPath");
            }
        }

        foreach (var (device, i) in Objects(container["volumeDevices"]).Select((d, i) => (d, i)))
        {
            var volume = ResourceOperations.Text(device, "name");
            if (!volumes.Contains(volume))
            {
                yield return FieldError.NotFound($"{path}.volumeDevices[{i}].name", '"' + volume + '"');
            }

            if (ResourceOperations.Text(device, "devicePath").Length == 0)
            {
                yield return FieldError.Required($"{path}.volumeDevices[{i}].devicePath");
            }
        }

        foreach (var error in Resources(container["resources"] as JsonObject, path + ".resources"))
        {
            yield return error;
        }
    }

    private static IEnumerable<FieldError> Resources(JsonObject? resources, string path)
    {
        foreach (var kind in (string[])["limits", "requests"])
        {
            foreach (var (name, value) in resources?[kind] as JsonObject ?? [])
            {
                if (!Machinery.Quantity.TryParse(value?.ToString() ?? "", out var amount))
                {
                    yield return FieldError.Invalid($"{path}.{kind}[{name}]", '"' + (value?.ToString() ?? "") + '"',
                        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
                    continue;
                }

                if (kind == "requests" && resources?["limits"]?[name] is { } limit
                    && Machinery.Quantity.TryParse(limit.ToString(), out var most) && amount.CompareTo(most) > 0)
                {
                    yield return FieldError.Invalid($"{path}.requests", '"' + value!.ToString() + '"', $"must be less than or equal to {name} limit of {limit}");
                }
            }
        }
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? array) => (array as JsonArray)?.OfType<JsonObject>() ?? [];

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?\\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Label();
}
