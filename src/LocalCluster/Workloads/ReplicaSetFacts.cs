using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Workloads;

/// <summary>What the decision about a replica set rests on.</summary>
/// <param name="ReplicaSet">As it was read.</param>
/// <param name="Pods">The pods that are its own.</param>
/// <param name="Now">The time.</param>
internal sealed record ReplicaSetFacts(JsonObject ReplicaSet, IReadOnlyList<WorkloadPod> Pods, DateTimeOffset Now)
{
    /// <summary>Active pods on each node, of this set and of its siblings under the same owner.</summary>
    public IReadOnlyDictionary<string, int> Crowd { get; init; } = new Dictionary<string, int>();
}
