using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.Qemu;
using Godwit.Types;

namespace Godwit.VirtHandler.Node;

/// <summary>The labels and the annotation by which a node says what guests it can take. Pure.</summary>
public static partial class NodeLabels
{
    private static readonly string[] OwnPrefixes = [Labels.MachineTypePrefix, Labels.CpuModelPrefix, Labels.CpuModelMigrationPrefix, Labels.HostModelCpuPrefix];

    /// <summary>
    /// A merge patch that sets them and takes away those of ours that no longer hold. Without capabilities the node is
    /// not schedulable, and only that and the heartbeat change.
    /// </summary>
    public static JsonObject Patch(IReadOnlyDictionary<string, string>? present, QemuCapabilities? capabilities, DateTimeOffset now)
    {
        var wanted = Wanted(capabilities);
        var labels = new JsonObject();
        if (capabilities is not null)
        {
            foreach (var key in (present ?? new Dictionary<string, string>()).Keys.Where(key => IsOwn(key) && !wanted.ContainsKey(key)))
            {
                labels[key] = null;
            }
        }

        foreach (var (key, value) in wanted.Where(pair => present?.GetValueOrDefault(pair.Key) != pair.Value))
        {
            labels[key] = value;
        }

        var metadata = new JsonObject
        {
            ["annotations"] = new JsonObject { [Annotations.Heartbeat] = now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'") },
        };
        if (labels.Count > 0)
        {
            metadata["labels"] = labels;
        }

        return new JsonObject { ["metadata"] = metadata };
    }

    /// <summary>Whether the labels say which host model the node has.</summary>
    public static bool NamesHostModel(IReadOnlyDictionary<string, string>? labels) =>
        labels?.Keys.Any(key => key.StartsWith(Labels.HostModelCpuPrefix, StringComparison.Ordinal)) == true;

    private static SortedDictionary<string, string> Wanted(QemuCapabilities? capabilities)
    {
        var wanted = new SortedDictionary<string, string>(StringComparer.Ordinal) { [Labels.Schedulable] = capabilities is null ? "false" : "true" };
        if (capabilities is null)
        {
            return wanted;
        }

        foreach (var machine in capabilities.MachineTypes.Append("q35"))
        {
            wanted[Labels.MachineTypePrefix + machine] = "true";
        }

        // A model's versions (Name-v1) are left out: which of them a plain name means is fixed by the machine type.
        foreach (var model in capabilities.CpuModels.Where(model => !VersionSuffix().IsMatch(model)))
        {
            wanted[Labels.CpuModelPrefix + model] = "true";
            wanted[Labels.CpuModelMigrationPrefix + model] = "true";
        }

        wanted[Labels.HostModelCpuPrefix + CpuModels.Choose(capabilities.CpuModels.ToHashSet(StringComparer.Ordinal))] = "true";
        return wanted;
    }

    private static bool IsOwn(string key) => Array.Exists(OwnPrefixes, prefix => key.StartsWith(prefix, StringComparison.Ordinal));

    [GeneratedRegex("-v[0-9]+$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex VersionSuffix();
}
