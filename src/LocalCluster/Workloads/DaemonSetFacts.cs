using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>What the decision about a daemon set rests on.</summary>
/// <param name="DaemonSet">As it was read.</param>
/// <param name="Hash">The hash of its present template.</param>
/// <param name="Nodes">All nodes.</param>
/// <param name="Pods">The pods that are its own.</param>
/// <param name="Now">The time.</param>
internal sealed record DaemonSetFacts(JsonObject DaemonSet, string Hash, IReadOnlyList<DaemonNode> Nodes, IReadOnlyList<WorkloadPod> Pods, DateTimeOffset Now)
{
    public TimeSpan MinReady => ReplicaSetDecision.MinReady(DaemonSet);

    public bool IsDeleting => DaemonSet.At("metadata", "deletionTimestamp") is not null;

    public bool Rolls => DaemonSet.Text("spec", "updateStrategy", "type") != "OnDelete";

    /// <summary>How many nodes may lack an available pod during a rollout.</summary>
    public long MaxUnavailable => Bound("maxUnavailable");

    /// <summary>How many nodes may have two pods during a rollout.</summary>
    public long MaxSurge => Bound("maxSurge");

    public bool IsCurrent(WorkloadPod pod) => pod.Labels.GetValueOrDefault(DaemonPods.HashLabel) == Hash;

    public bool IsAvailable(WorkloadPod pod) => pod.IsAvailable(MinReady, Now);

    private long Bound(string name) => Rolls
        ? RolloutBounds.Share(DaemonSet.At("spec", "updateStrategy", "rollingUpdate", name), Nodes.Count(n => n.ShouldRun), up: true)
        : 0;
}
