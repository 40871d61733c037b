namespace Godwit.Types;

/// <summary>Which labels a node must have for a VMI's launcher pod: at the start, and when the guest moves there.</summary>
public static class TargetSelector
{
    public static IReadOnlyDictionary<string, string> ForStart(VirtualMachineInstanceSpec? spec)
    {
        var selector = new Dictionary<string, string>(spec?.NodeSelector ?? new Dictionary<string, string>(), StringComparer.Ordinal)
        {
            [Labels.Schedulable] = "true",
            [Labels.Arch] = spec?.Architecture is { Length: > 0 } arch ? arch : Defaults.Architecture,
        };
        return selector;
    }

    /// <summary>On a conflict the VMI's own word wins: a migration may narrow the choice, never widen it.</summary>
    public static IReadOnlyDictionary<string, string> ForMigration(
        VirtualMachineInstance vmi, IReadOnlyDictionary<string, string>? added, Node? sourceNode)
    {
        var selector = new Dictionary<string, string>(added ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach (var (key, value) in ForStart(vmi.Spec))
        {
            selector[key] = value;
        }

        var hardware = vmi.Status?.Hardware;
        Require(selector, sourceNode, Labels.MachineTypePrefix, hardware?.MachineType ?? vmi.Status?.Machine?.Type);
        Require(selector, sourceNode, Labels.CpuModelPrefix, hardware?.CpuModel);
        return selector;
    }

    /// <summary>
    /// The target must offer what the guest has, as far as nodes say what they offer: a node where the guest runs and
    /// that does not carry the label proves that the label is not kept here.
    /// </summary>
    private static void Require(Dictionary<string, string> selector, Node? sourceNode, string prefix, string? value)
    {
        if (!string.IsNullOrEmpty(value) && sourceNode?.Metadata.Label(prefix + value) == "true")
        {
            selector[prefix + value] = "true";
        }
    }
}
