using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>Keeps pods of a kind evenly over topology domains; pure.</summary>
internal sealed class SpreadRules(SchedulingFacts facts)
{
    public Refusal? Refuses(NodeState node)
    {
        foreach (var rule in (facts.Pod.Spec.TopologySpreadConstraints ?? []).Where(r => r.WhenUnsatisfiable != "ScheduleAnyway"))
        {
            if (!node.Labels.TryGetValue(rule.TopologyKey, out var domain))
            {
                return new Refusal("node(s) didn't match pod topology spread constraints (missing required label)", IsFinal: true);
            }
            var counts = Counts(rule);
            var own = NodeMatching.Matches(rule.LabelSelector, facts.Pod.Metadata.Labels) ? 1 : 0;
            if (counts[domain] + own - counts.Values.Min() > rule.MaxSkew)
            {
                return new Refusal("node(s) didn't match pod topology spread constraints", IsFinal: false);
            }
        }
        return null;
    }

    /// <summary>How many pods of the kind the node's domains hold already: fewer is better.</summary>
    public long Crowd(NodeState node) => (facts.Pod.Spec.TopologySpreadConstraints ?? [])
        .Where(r => r.WhenUnsatisfiable == "ScheduleAnyway")
        .Sum(r => node.Labels.TryGetValue(r.TopologyKey, out var domain) ? Counts(r)[domain] : 0L);

    private Dictionary<string, int> Counts(TopologySpreadConstraint rule)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var node in facts.Nodes.Where(n => NodeMatching.AllowsNode(facts.Pod, n.Node) || n.Pods.Count > 0))
        {
            if (node.Labels.TryGetValue(rule.TopologyKey, out var domain))
            {
                counts[domain] = counts.GetValueOrDefault(domain)
                    + node.Pods.Count(p => p.Metadata.Namespace == facts.Pod.Metadata.Namespace && NodeMatching.Matches(rule.LabelSelector, p.Metadata.Labels));
            }
        }
        return counts;
    }
}
