using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>Which nodes lack a pod of a daemon set and which pods must go, and its status: pure. The rules are those of Kubernetes' controller.</summary>
internal static class DaemonSetDecision
{
    public static DaemonSetPlan Decide(DaemonSetFacts facts)
    {
        if (facts.IsDeleting)
        {
            return new([], [], []);
        }

        var missing = new List<string>();
        var surplus = new List<WorkloadPod>();
        var ended = new List<WorkloadPod>();
        var byNode = ByNode(facts);
        foreach (var node in facts.Nodes)
        {
            var pods = byNode.GetValueOrDefault(node.Name, []);
            if (node.ShouldRun && pods.Count == 0)
            {
                missing.Add(node.Name);
            }
            else if (node is { ShouldRun: false, MayStay: false })
            {
                surplus.AddRange(pods.Where(p => !p.IsDeleting));
            }
            else
            {
                Thin(facts, pods, surplus, ended);
            }
        }

        // A node that is no more takes its pods with it.
        var known = facts.Nodes.Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
        surplus.AddRange(byNode.Where(n => !known.Contains(n.Key)).SelectMany(n => n.Value).Where(p => !p.IsDeleting));
        if (missing.Count + surplus.Count == 0 && facts.Rolls)
        {
            (missing, surplus) = facts.MaxSurge > 0 ? Surge(facts, byNode) : Replace(facts, byNode);
        }

        return new(missing, surplus, ended);
    }

    public static JsonObject? Status(DaemonSetFacts facts)
    {
        var byNode = ByNode(facts);
        var (desired, scheduled, misplaced, ready, available, updated) = (0L, 0L, 0L, 0L, 0L, 0L);
        foreach (var node in facts.Nodes)
        {
            var pods = byNode.GetValueOrDefault(node.Name, []);
            if (!node.ShouldRun)
            {
                misplaced += pods.Count > 0 ? 1 : 0;
                continue;
            }

            desired++;
            if (pods.Count > 0)
            {
                // The newest tells how far a rollout is, any of them whether the node is served.
                scheduled++;
                updated += pods.Exists(facts.IsCurrent) ? 1 : 0;
                ready += pods.Exists(p => p.IsReady) ? 1 : 0;
                available += pods.Exists(facts.IsAvailable) ? 1 : 0;
            }
        }

        var status = new JsonObject
        {
            ["currentNumberScheduled"] = scheduled,
            ["numberMisscheduled"] = misplaced,
            ["desiredNumberScheduled"] = desired,
            ["numberReady"] = ready,
            ["observedGeneration"] = facts.DaemonSet.Integer("metadata", "generation") ?? 0,
        };
        foreach (var (name, number) in (ReadOnlySpan<(string, long)>)[("updatedNumberScheduled", updated), ("numberAvailable", available), ("numberUnavailable", desired - available)])
        {
            if (number != 0)
            {
                status[name] = number;
            }
        }

        foreach (var name in (string[])["collisionCount", "conditions"])
        {
            if (facts.DaemonSet.At("status", name) is { } kept)
            {
                status[name] = kept.DeepClone();
            }
        }

        return JsonNode.DeepEquals(status, facts.DaemonSet["status"]) ? null : status;
    }

    /// <summary>When the next pod has been ready for long enough; null when none waits for that.</summary>
    public static DateTimeOffset? NextAvailable(DaemonSetFacts facts) =>
        facts.Pods.Where(p => p.IsActive && !facts.IsAvailable(p)).Select(p => p.AvailableAt(facts.MinReady)).Min();

    // One pod is enough for a node, the oldest; what has ended is replaced.
    private static void Thin(DaemonSetFacts facts, List<WorkloadPod> pods, List<WorkloadPod> surplus, List<WorkloadPod> ended)
    {
        ended.AddRange(pods.Where(p => p is { IsFinished: true, IsDeleting: false }));
        surplus.AddRange(pods.Where(p => p is { IsFinished: true, IsDeleting: false }));
        var alive = pods.Where(p => p.IsActive).OrderBy(p => p.Created).ThenBy(p => p.Name, StringComparer.Ordinal).ToList();
        if (facts.MaxSurge == 0)
        {
            surplus.AddRange(alive.Skip(1));
            return;
        }

        // While a rollout surges, one of each template; the old one goes when the new one works.
        surplus.AddRange(alive.Where(facts.IsCurrent).Skip(1));
        surplus.AddRange(alive.Where(p => !facts.IsCurrent(p)).Skip(1));
    }

    private static (List<string> Missing, List<WorkloadPod> Surplus) Replace(DaemonSetFacts facts, Dictionary<string, List<WorkloadPod>> byNode)
    {
        var unavailable = 0L;
        var broken = new List<WorkloadPod>();
        var working = new List<WorkloadPod>();
        foreach (var node in facts.Nodes.Where(n => n.ShouldRun || byNode.ContainsKey(n.Name)))
        {
            var pods = byNode.GetValueOrDefault(node.Name, []);
            switch (pods.Find(facts.IsCurrent), pods.Find(p => !facts.IsCurrent(p)))
            {
                case ({ } current, null):
                    unavailable += facts.IsAvailable(current) && !current.IsDeleting ? 0 : 1;
                    break;
                case (null, { IsDeleting: false } old) when !facts.IsAvailable(old):
                    // Its going takes nothing away.
                    broken.Add(old);
                    break;
                case (null, { IsDeleting: false } old):
                    working.Add(old);
                    break;
                default:
                    unavailable++;
                    break;
            }
        }

        return ([], [.. broken, .. working.Take((int)Math.Max(0, facts.MaxUnavailable - unavailable))]);
    }

    private static (List<string> Missing, List<WorkloadPod> Surplus) Surge(DaemonSetFacts facts, Dictionary<string, List<WorkloadPod>> byNode)
    {
        var surging = 0L;
        var urgent = new List<string>();
        var candidates = new List<string>();
        var replaced = new List<WorkloadPod>();
        foreach (var node in facts.Nodes.Where(n => n.ShouldRun || byNode.ContainsKey(n.Name)))
        {
            var pods = byNode.GetValueOrDefault(node.Name, []);
            switch (pods.Find(facts.IsCurrent), pods.Find(p => !facts.IsCurrent(p)))
            {
                case (null, { } old):
                    (old.IsDeleting || !facts.IsAvailable(old) ? urgent : candidates).Add(node.Name);
                    break;
                case ({ } current, { IsDeleting: false } old) when facts.IsAvailable(current):
                    replaced.Add(old);
                    break;
                case ({ } current, { }) when !facts.IsAvailable(current):
                    surging++;
                    break;
                default:
                    break;
            }
        }

        var room = (int)Math.Max(0, facts.MaxSurge - surging);
        return ([.. urgent.Where(n => facts.Nodes.Any(k => k.Name == n && k.ShouldRun)), .. candidates.Take(room)], replaced);
    }

    // A pod that the scheduler has not placed yet belongs to the node that it is made for.
    private static Dictionary<string, List<WorkloadPod>> ByNode(DaemonSetFacts facts) => facts.Pods
        .GroupBy(p => p.Node.Length > 0 ? p.Node : p.PinnedNode, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => g.OrderBy(p => p.Created).ThenBy(p => p.Name, StringComparer.Ordinal).ToList(), StringComparer.Ordinal);
}
