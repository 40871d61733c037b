using System.Text.Json;
using System.Text.RegularExpressions;
using Godwit.Machinery;

namespace Godwit.Types;

/// <summary>Rules for what makes VMIs: virtual machines and replica sets.</summary>
internal static partial class VirtualMachineValidation
{
    public static void Spec(VirtualMachineSpec? spec, ClusterConfiguration cluster, bool byComponent, Errors errors)
    {
        if (Template(spec?.Template, cluster, byComponent, errors))
        {
            RunStrategy(spec!, errors);
            Unsupported(spec!, errors);
        }
    }

    public static void Spec(
        VirtualMachineInstanceReplicaSetSpec? spec, ClusterConfiguration cluster, bool byComponent, Errors errors)
    {
        if (!Template(spec?.Template, cluster, byComponent, errors))
        {
            return;
        }

        if (spec!.Replicas < 0)
        {
            errors.Add("spec.replicas", "must not be negative", "Use 0 to run none.");
        }

        try
        {
            var labels = spec.Template!.Metadata?.Labels ?? new Dictionary<string, string>();
            if (labels.Count == 0 || !LabelSelectorSpecs.Read(spec.Selector).Matches(labels))
            {
                errors.Add(
                    "spec.selector",
                    "selector does not match labels.",
                    "Give spec.template.metadata.labels the labels that the selector asks for.");
            }
        }
        catch (SelectorException e)
        {
            errors.Add("spec.selector", e.Message, "Write it as matchLabels, or as matchExpressions of key, operator and values.");
        }
    }

    private static void RunStrategy(VirtualMachineSpec spec, Errors errors)
    {
        const string Path = "spec.runStrategy";
        var choices = $"Use one of {string.Join(", ", RunStrategies.All)}.";
        switch (spec)
        {
            case { Running: not null, RunStrategy: not null }:
                errors.Add(
                    "spec.running",
                    "Running and RunStrategy are mutually exclusive. Note that Running is deprecated, please use RunStrategy instead",
                    "Remove spec.running.");
                break;
            case { Running: null, RunStrategy: null }:
                errors.Add("spec.running", "RunStrategy must be specified", $"Set {Path}. {choices}");
                break;
        }

        switch (spec.RunStrategy)
        {
            case null:
                break;
            case RunStrategies.WaitAsReceiver:
                errors.Add(
                    Path,
                    $"Invalid RunStrategy ({spec.RunStrategy}), {FeatureGates.DecentralizedLiveMigration} feature gate is not enabled in kubevirt resource",
                    $"Migrations between clusters are not supported. {choices}");
                break;
            case var strategy when !RunStrategies.All.Contains(strategy):
                errors.Add(Path, $"Invalid RunStrategy ({strategy})", choices);
                break;
        }
    }

    /// <summary>What would be left out without a word is refused instead.</summary>
    private static void Unsupported(VirtualMachineSpec spec, Errors errors)
    {
        if (spec.DataVolumeTemplates is { Count: > 0 })
        {
            errors.Add(
                "spec.dataVolumeTemplates",
                "data volumes are not supported",
                "Create a PersistentVolumeClaim and name it in spec.template.spec.volumes.",
                FieldError.NotSupported);
        }

        if (spec.Instancetype is { ValueKind: JsonValueKind.Object })
        {
            errors.Add(
                "spec.instancetype",
                "instance types are not supported",
                "Write CPU and memory into spec.template.spec.domain.",
                FieldError.NotSupported);
        }

        if (spec.Preference is { ValueKind: JsonValueKind.Object })
        {
            errors.Add(
                "spec.preference",
                "preferences are not supported",
                "Write what it stands for into spec.template.spec.domain.",
                FieldError.NotSupported);
        }
    }

    /// <summary>A template is judged by the rules for VMIs, and its errors name the fields where they are in the template.</summary>
    private static bool Template(
        VirtualMachineInstanceTemplateSpec? template, ClusterConfiguration cluster, bool byComponent, Errors errors)
    {
        if (template is null)
        {
            errors.Add(
                "spec.template",
                "missing virtual machine template.",
                "Write the VMI's labels into spec.template.metadata and its spec into spec.template.spec.",
                FieldError.Required);
            return false;
        }

        var found = new Errors();
        VmiValidation.Metadata(new VirtualMachineInstance { Metadata = template.Metadata ?? new ObjectMeta() }, byComponent, found);
        VmiValidation.Spec(template.Spec is null ? null : Defaults.Spec(template.Spec, cluster), cluster, found);
        foreach (var error in found.ToList())
        {
            errors.Add(Within(error.Path), Within(error.Message), Within(error.Remedy), error.Reason);
        }

        return true;
    }

    private static string Within(string text) => Fields().Replace(text, "spec.template.${part}.${first}");

    [GeneratedRegex(@"\b(?<part>spec|metadata)\.(?<first>[a-z])", RegexOptions.NonBacktracking)]
    private static partial Regex Fields();
}
