using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>Which taints a node gets for its health, and which pods must leave it for its taints; pure.</summary>
public static class TaintDecision
{
    public const string NotReady = "node.kubernetes.io/not-ready";
    public const string Unreachable = "node.kubernetes.io/unreachable";
    public const string Unschedulable = "node.kubernetes.io/unschedulable";

    private static readonly string[] Ours = [NotReady, Unreachable, Unschedulable];

    /// <summary>The node's taints as they should be; those of others stay.</summary>
    public static IReadOnlyList<Taint> Taints(Node node, DateTimeOffset now)
    {
        var ready = node.Status.Conditions?.Find(c => c.Type == "Ready")?.Status;
        var wanted = new List<(string Key, string Effect)>();
        if (ready == "Unknown")
        {
            wanted.AddRange([(Unreachable, "NoSchedule"), (Unreachable, "NoExecute")]);
        }
        else if (ready != "True")
        {
            wanted.AddRange([(NotReady, "NoSchedule"), (NotReady, "NoExecute")]);
        }
        if (node.Spec.Unschedulable == true)
        {
            wanted.Add((Unschedulable, "NoSchedule"));
        }
        var present = node.Spec.Taints ?? [];
        return
        [
            .. present.Where(t => !Ours.Contains(t.Key) || wanted.Contains((t.Key, t.Effect))),
            .. wanted.Where(w => !present.Exists(t => t.Key == w.Key && t.Effect == w.Effect))
                .Select(w => new Taint { Key = w.Key, Effect = w.Effect, TimeAdded = w.Effect == "NoExecute" ? now : null }),
        ];
    }

    /// <summary>When a pod must leave its node; null when it may stay.</summary>
    public static DateTimeOffset? LeavesAt(Pod pod, Node node, DateTimeOffset now)
    {
        DateTimeOffset? leaves = null;
        foreach (var taint in (node.Spec.Taints ?? []).Where(t => t.Effect == "NoExecute"))
        {
            var matching = (pod.Spec.Tolerations ?? []).Where(t => NodeMatching.Tolerates(t, taint)).ToList();
            DateTimeOffset? at = matching.Count == 0
                ? now
                : matching.Min(t => t.TolerationSeconds) is { } seconds ? (taint.TimeAdded ?? now).AddSeconds(Math.Max(0, seconds)) : null;
            leaves = at is null ? leaves : leaves is null || at < leaves ? at : leaves;
        }
        return leaves;
    }
}
