using Godwit.Machinery;

namespace Godwit.Types;

/// <summary>Says why a VMI cannot move to a node, as the scheduler would see it, in the order in which it is best looked at. Pure.</summary>
public static class NodeFit
{
    private const string Cordon = "node.kubernetes.io/unschedulable";

    /// <summary>All reasons against the node; empty: it fits.</summary>
    public static IReadOnlyList<string> Judge(NodeFitFacts facts)
    {
        var node = facts.Node;
        if (node.Metadata.Name == facts.SourceNode)
        {
            return ["the VMI runs here"];
        }

        var reasons = new List<string>();
        if (node.Spec?.Unschedulable == true)
        {
            reasons.Add($"cordoned (remedy: kubectl uncordon {node.Metadata.Name})");
        }

        if (node.Status?.Conditions.Find(Conditions.Ready) is { Status: not Conditions.True } ready)
        {
            reasons.Add($"not ready{(ready.Reason is { Length: > 0 } why ? $": {why}" : "")}");
        }

        reasons.AddRange(facts.Selector
            .Where(pair => node.Metadata.Label(pair.Key) != pair.Value)
            .OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => Missing(pair.Key, pair.Value, node.Metadata.Label(pair.Key))));
        reasons.AddRange(AffinityFit.Judge(facts.Affinity, node, facts.Namespace, facts.Others));
        reasons.AddRange((node.Spec?.Taints ?? [])
            .Where(taint => taint.Effect is "NoSchedule" or "NoExecute" && taint.Key != Cordon
                && !facts.Tolerations.Any(toleration => Tolerates(toleration, taint)))
            .Select(taint => $"taint {taint.Key}{(string.IsNullOrEmpty(taint.Value) ? "" : $"={taint.Value}")}:{taint.Effect} is not tolerated"));
        reasons.AddRange(facts.Requests
            .OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => TooLittle(facts, pair.Key, pair.Value))
            .OfType<string>());
        return reasons;
    }

    private static string Missing(string key, string wanted, string? found) => key switch
    {
        Labels.Schedulable => $"label {key} is {(found is null ? "missing" : $"'{found}'")}: its virt-handler is silent or has no usable QEMU",
        _ when key.StartsWith(Labels.MachineTypePrefix, StringComparison.Ordinal) => $"no machine type {key[Labels.MachineTypePrefix.Length..]}",
        _ when key.StartsWith(Labels.CpuModelPrefix, StringComparison.Ordinal) => $"no CPU model {key[Labels.CpuModelPrefix.Length..]}",
        _ => $"nodeSelector {key}={wanted}, the node has {(found is null ? "no such label" : $"'{found}'")}",
    };

    private static string? TooLittle(NodeFitFacts facts, string resource, string wanted)
    {
        if (!Quantity.TryParse(facts.Node.Status?.Allocatable?.GetValueOrDefault(resource), out var allocatable)
            || !Quantity.TryParse(wanted, out var want))
        {
            return null;
        }

        var used = facts.Used.Aggregate(
            Quantity.Zero, (sum, pod) => Quantity.TryParse(pod.GetValueOrDefault(resource), out var one) ? sum + one : sum);
        return used + want > allocatable ? $"{resource}: {want} wanted, {Quantity.Max(allocatable - used, Quantity.Zero)} free of {allocatable}" : null;
    }

    private static bool Tolerates(Toleration toleration, Taint taint) =>
        (string.IsNullOrEmpty(toleration.Effect) || toleration.Effect == taint.Effect)
        && (string.IsNullOrEmpty(toleration.Key) ? toleration.Operator == "Exists" : toleration.Key == taint.Key
            && (toleration.Operator == "Exists" || (toleration.Value ?? "") == (taint.Value ?? "")));
}
