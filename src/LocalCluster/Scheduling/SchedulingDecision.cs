using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>Decides where a pod runs: filters, then scores; pure. Reasons are worded as the scheduler of Kubernetes words them.</summary>
public static class SchedulingDecision
{
    public static Verdict Decide(SchedulingFacts facts)
    {
        if (PodTrouble(facts) is { } trouble)
        {
            return new Verdict(null, $"0/{facts.Nodes.Count} nodes are available: {trouble}.{Preemption(facts.Nodes.Count, facts.Nodes.Count)}");
        }
        if (facts.Nodes.Count == 0)
        {
            return new Verdict(null, "no nodes available to schedule pods");
        }
        var affinity = new PodAffinityRules(facts);
        var spread = new SpreadRules(facts);
        var refusals = new Dictionary<string, IReadOnlyList<Refusal>>(StringComparer.Ordinal);
        var feasible = new List<NodeState>();
        foreach (var node in facts.Nodes)
        {
            var why = Refuse(facts, node, affinity, spread);
            if (why.Count == 0)
            {
                feasible.Add(node);
            }
            else
            {
                refusals[node.Name] = why;
            }
        }
        return feasible.Count > 0
            ? new Verdict(Best(facts, feasible, affinity, spread).Name, "")
            : new Verdict(null, Explain(facts.Nodes.Count, refusals));
    }

    /// <summary>Why no node would do, whatever nodes there are.</summary>
    private static string? PodTrouble(SchedulingFacts facts)
    {
        if (facts.Claims.FirstOrDefault(c => c.Claim is null) is { } missing)
        {
            return $"persistentvolumeclaim \"{missing.Name}\" not found";
        }
        if (facts.Claims.FirstOrDefault(c => c.Claim!.Metadata.DeletionTimestamp is not null) is { } dying)
        {
            return $"persistentvolumeclaim \"{dying.Name}\" is being deleted";
        }
        return facts.Claims.Any(c => !c.IsBound && !c.WaitsForConsumer) ? "pod has unbound immediate PersistentVolumeClaims" : null;
    }

    private static List<Refusal> Refuse(SchedulingFacts facts, NodeState node, PodAffinityRules affinity, SpreadRules spread)
    {
        var pod = facts.Pod;
        if (node.Node.Spec.Unschedulable == true
            && !NodeMatching.Tolerates(pod.Spec.Tolerations, new Taint { Key = "node.kubernetes.io/unschedulable", Effect = "NoSchedule" }))
        {
            return [new("node(s) were unschedulable", IsFinal: true)];
        }
        var taint = node.Node.Spec.Taints?.Find(t => t.Effect is "NoSchedule" or "NoExecute" && !NodeMatching.Tolerates(pod.Spec.Tolerations, t));
        if (taint is not null)
        {
            return [new($"node(s) had untolerated taint {{{taint.Key}: {taint.Value}}}", IsFinal: true)];
        }
        if (!NodeMatching.AllowsNode(pod, node.Node))
        {
            return [new("node(s) didn't match Pod's node affinity/selector", IsFinal: true)];
        }
        if (HostPorts(pod).Intersect(node.Pods.SelectMany(HostPorts)).Any())
        {
            return [new("node(s) didn't have free ports for the requested pod ports", IsFinal: false)];
        }
        var resources = Fit(pod, node);
        if (resources.Count > 0)
        {
            return resources;
        }
        if (facts.Claims.Any(c => c.Volume?.Spec.NodeAffinity?.Required is { } required && !NodeMatching.Matches(required, node.Node)))
        {
            return [new("node(s) had volume node affinity conflict", IsFinal: true)];
        }
        // A claim that another pod already promised to a node goes there.
        if (facts.Claims.Any(c => !c.IsBound && Selected(c) is { } selected && selected != node.Name))
        {
            return [new("node(s) didn't find available persistent volumes to bind", IsFinal: true)];
        }
        return (spread.Refuses(node) ?? affinity.Refuses(node)) is { } refusal ? [refusal] : [];
    }

    private static string? Selected(ClaimState claim) => claim.Claim?.Metadata.Annotations?.GetValueOrDefault("volume.kubernetes.io/selected-node");

    private static List<Refusal> Fit(Pod pod, NodeState node)
    {
        var result = new List<Refusal>();
        if (node.Allocatable["pods"] is var limit && node.Pods.Count + 1 > limit)
        {
            result.Add(new("Too many pods", IsFinal: false));
        }
        var asked = ResourceSum.OfPod(pod);
        foreach (var name in asked.Names.Where(n => asked[n] > 0 && asked[n] > node.Allocatable[n] - node.Requested[n]))
        {
            result.Add(new($"Insufficient {name}", IsFinal: asked[name] > node.Allocatable[name]));
        }
        return result;
    }

    private static IEnumerable<(int Port, string Protocol)> HostPorts(Pod pod) => pod.Spec.Containers
        .SelectMany(c => c.Ports ?? [])
        .Select(p => (Port: p.HostPort ?? (pod.Spec.HostNetwork == true ? p.Port : 0), p.Protocol ?? "TCP"))
        .Where(p => p.Port > 0);

    private static NodeState Best(SchedulingFacts facts, List<NodeState> nodes, PodAffinityRules affinity, SpreadRules spread)
    {
        var asked = ResourceSum.OfPod(facts.Pod);
        var preferred = Scale(nodes, n => (facts.Pod.Spec.Affinity?.NodeAffinity?.PreferredDuringSchedulingIgnoredDuringExecution ?? [])
            .Where(t => NodeMatching.Matches(t.Preference, n.Node)).Sum(t => (long)t.Weight));
        var company = Scale(nodes, affinity.Score);
        var crowd = Scale(nodes, n => -spread.Crowd(n));
        var taints = Scale(nodes, n => -(long)(n.Node.Spec.Taints ?? []).Count(t => t.Effect == "PreferNoSchedule" && !NodeMatching.Tolerates(facts.Pod.Spec.Tolerations, t)));
        // Of equals the one with fewer pods, then by name: the same world always gives the same answer.
        return nodes
            .OrderByDescending(n => Free(n, asked) + (2 * preferred(n)) + (2 * company(n)) + (2 * crowd(n)) + (3 * taints(n)))
            .ThenBy(n => n.Pods.Count)
            .ThenBy(n => n.Name, StringComparer.Ordinal)
            .First();
    }

    /// <summary>How much of CPU and memory would be left, 0 to 100.</summary>
    private static double Free(NodeState node, ResourceSum asked)
    {
        double Of(string resource) => node.Allocatable[resource] is > 0 and var all
            ? Math.Max(0, (all - node.Requested[resource] - asked[resource]) * 100.0 / all)
            : 0;
        return (Of("cpu") + Of("memory")) / 2;
    }

    private static Func<NodeState, double> Scale(List<NodeState> nodes, Func<NodeState, long> score)
    {
        var scores = nodes.ToDictionary(n => n.Name, score, StringComparer.Ordinal);
        var (low, high) = (scores.Values.Min(), scores.Values.Max());
        return n => high == low ? 0 : (scores[n.Name] - low) * 100.0 / (high - low);
    }

    private static string Explain(int nodes, Dictionary<string, IReadOnlyList<Refusal>> refusals)
    {
        var reasons = refusals.Values.SelectMany(r => r).GroupBy(r => r.Reason, StringComparer.Ordinal)
            .Select(g => $"{g.Count()} {g.Key}").Order(StringComparer.Ordinal);
        var final = refusals.Values.Count(r => r.Any(x => x.IsFinal));
        return $"0/{nodes} nodes are available: {string.Join(", ", reasons)}.{Preemption(nodes, final)}";
    }

    /// <summary>No pod is ever driven out for another here; the words tell where that could have helped at all.</summary>
    private static string Preemption(int nodes, int final)
    {
        var parts = new List<string>();
        if (nodes - final > 0)
        {
            parts.Add($"{nodes - final} No preemption victims found for incoming pod");
        }
        if (final > 0)
        {
            parts.Add($"{final} Preemption is not helpful for scheduling");
        }
        return parts.Count == 0 ? "" : $" preemption: 0/{nodes} nodes are available: {string.Join(", ", parts)}.";
    }
}
