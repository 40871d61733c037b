using System.Text.Json;
using Godwit.Machinery;

namespace Godwit.Types;

/// <summary>What a VMI's required affinity has against a node; what is only preferred keeps nothing away. Pure.</summary>
public static class AffinityFit
{
    private const string NameField = "metadata.name";

    /// <summary>All reasons against the node; empty: it fits.</summary>
    /// <param name="affinity">Of the target pod; null for none.</param>
    /// <param name="node">The node in question.</param>
    /// <param name="namespace">Where the target pod will be.</param>
    /// <param name="others">The living pods, with the labels of the nodes that they are on.</param>
    public static IReadOnlyList<string> Judge(Affinity? affinity, Node node, string @namespace, IReadOnlyList<PlacedPod> others)
    {
        var reasons = new List<string>();
        if (affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms is { } terms
            && !terms.Any(term => Holds(term, node)))
        {
            reasons.Add($"nodeAffinity wants {string.Join(" or ", terms.Select(Text))}");
        }

        foreach (var term in affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution ?? [])
        {
            if (Neighbours(term, node, @namespace, others) is null or { Count: 0 })
            {
                reasons.Add($"podAffinity wants a pod with {Selector(term)} in the same {term.TopologyKey}");
            }
        }

        foreach (var term in affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution ?? [])
        {
            if (Neighbours(term, node, @namespace, others) is [var first, ..])
            {
                reasons.Add($"podAntiAffinity: pod {first.Pod.Metadata.Namespace}/{first.Pod.Metadata.Name} with {Selector(term)} is in the same {term.TopologyKey}");
            }
        }

        return reasons;
    }

    private static bool Holds(NodeSelectorTerm term, Node node)
    {
        var fields = new Dictionary<string, string> { [NameField] = node.Metadata.Name ?? "" };
        // A term without requirements holds nowhere, as for the scheduler.
        return (term.MatchExpressions?.Count ?? 0) + (term.MatchFields?.Count ?? 0) > 0
            && Of(term.MatchExpressions).Matches(node.Metadata.Labels ?? new Dictionary<string, string>())
            && Of(term.MatchFields).Matches(fields);
    }

    private static string Text(NodeSelectorTerm term) =>
        string.Join(" and ", Of(term.MatchExpressions).Requirements.Concat(Of(term.MatchFields).Requirements));

    private static LabelSelector Of(IReadOnlyList<NodeSelectorRequirement>? requirements) => Of(new LabelSelectorSpec
    {
        MatchExpressions = [.. (requirements ?? []).Select(one => new LabelSelectorRequirement { Key = one.Key, Operator = one.Operator, Values = one.Values })],
    });

    private static LabelSelector Of(LabelSelectorSpec? spec) =>
        LabelSelector.FromJson(spec is null ? null : JsonSerializer.SerializeToNode(spec, TypesJson.Default.LabelSelectorSpec));

    private static string Selector(PodAffinityTerm term) => string.Join(',', Of(term.LabelSelector).Requirements);

    /// <summary>Pods that the term means, in the node's own topology; null when the node is in none.</summary>
    private static List<PlacedPod>? Neighbours(PodAffinityTerm term, Node node, string @namespace, IReadOnlyList<PlacedPod> others)
    {
        if (node.Metadata.Label(term.TopologyKey ?? "") is not { } place)
        {
            return null;
        }

        var selector = Of(term.LabelSelector);
        return
        [
            .. others.Where(other => other.NodeLabels.GetValueOrDefault(term.TopologyKey!) == place
                && InNamespaces(term, other.Pod.Metadata.Namespace ?? "", @namespace)
                && selector.Matches(other.Pod.Metadata.Labels ?? new Dictionary<string, string>())),
        ];
    }

    /// <summary>Namespaces' labels are not known here: a selector that picks some is taken to pick all of them.</summary>
    private static bool InNamespaces(PodAffinityTerm term, string theirs, string ours) =>
        term.NamespaceSelector is not null || (term.Namespaces is { Count: > 0 } named ? named.Contains(theirs) : theirs == ours);
}
