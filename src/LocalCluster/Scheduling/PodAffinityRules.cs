using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>Which pods want to be, or must not be, in one topology domain; pure.</summary>
internal sealed class PodAffinityRules(SchedulingFacts facts)
{
    private Pod Pod => facts.Pod;

    public Refusal? Refuses(NodeState node)
    {
        foreach (var (owner, existing) in Placed())
        {
            // The rules of those who are there already bind newcomers too.
            if (Required(existing.Spec.Affinity?.PodAntiAffinity).Any(t => Selects(t, existing, Pod) && SameDomain(t, owner, node)))
            {
                return new Refusal("node(s) didn't satisfy existing pods anti-affinity rules", IsFinal: false);
            }
        }
        if (Required(Pod.Spec.Affinity?.PodAffinity).Any(t => !Satisfied(t, node)))
        {
            return new Refusal("node(s) didn't match pod affinity rules", IsFinal: true);
        }
        return Required(Pod.Spec.Affinity?.PodAntiAffinity).Any(t => Placed().Any(p => Selects(t, Pod, p.Pod) && SameDomain(t, p.Node, node)))
            ? new Refusal("node(s) didn't match pod anti-affinity rules", IsFinal: false)
            : null;
    }

    /// <summary>How gladly the pod, and those who are there, would have it on the node.</summary>
    public long Score(NodeState node)
    {
        long score = 0;
        foreach (var (owner, existing) in Placed())
        {
            score += Weigh(Pod.Spec.Affinity?.PodAffinity, Pod, existing, owner, node) - Weigh(Pod.Spec.Affinity?.PodAntiAffinity, Pod, existing, owner, node);
            score += Weigh(existing.Spec.Affinity?.PodAffinity, existing, Pod, owner, node) - Weigh(existing.Spec.Affinity?.PodAntiAffinity, existing, Pod, owner, node);
        }
        return score;
    }

    private bool Satisfied(PodAffinityTerm term, NodeState node)
    {
        if (!node.Labels.ContainsKey(term.TopologyKey))
        {
            return false;
        }
        var matching = Placed().Where(p => Selects(term, Pod, p.Pod)).ToList();
        // The first of a group that wants to be together has nobody to join yet.
        return matching.Exists(p => SameDomain(term, p.Node, node)) || (matching.Count == 0 && Selects(term, Pod, Pod));
    }

    private IEnumerable<(NodeState Node, Pod Pod)> Placed() => facts.Nodes.SelectMany(n => n.Pods.Select(p => (n, p)));

    private long Weigh(PodAffinity? affinity, Pod owner, Pod candidate, NodeState there, NodeState node) =>
        (affinity?.PreferredDuringSchedulingIgnoredDuringExecution ?? [])
        .Where(t => Selects(t.PodAffinityTerm, owner, candidate) && SameDomain(t.PodAffinityTerm, there, node))
        .Sum(t => (long)t.Weight);

    private bool Selects(PodAffinityTerm term, Pod owner, Pod candidate)
    {
        if (!NodeMatching.Matches(term.LabelSelector, candidate.Metadata.Labels))
        {
            return false;
        }
        var @namespace = candidate.Metadata.Namespace ?? "";
        if (term.Namespaces is null or { Count: 0 } && term.NamespaceSelector is null)
        {
            return @namespace == owner.Metadata.Namespace;
        }
        return term.Namespaces?.Contains(@namespace) == true
            || (term.NamespaceSelector is not null && NodeMatching.Matches(term.NamespaceSelector, facts.NamespaceLabels.GetValueOrDefault(@namespace)));
    }

    private static bool SameDomain(PodAffinityTerm term, NodeState one, NodeState other) =>
        one.Labels.TryGetValue(term.TopologyKey, out var a) && other.Labels.TryGetValue(term.TopologyKey, out var b) && a == b;

    private static List<PodAffinityTerm> Required(PodAffinity? affinity) => affinity?.RequiredDuringSchedulingIgnoredDuringExecution ?? [];
}
