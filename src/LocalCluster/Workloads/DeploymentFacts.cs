using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>What the decision about a deployment rests on.</summary>
/// <param name="Deployment">As it was read.</param>
/// <param name="ReplicaSets">The replica sets that are its own.</param>
/// <param name="Now">The time.</param>
internal sealed record DeploymentFacts(JsonObject Deployment, IReadOnlyList<JsonObject> ReplicaSets, DateTimeOffset Now)
{
    /// <summary>UIDs of the replica sets that have a pod which has not ended.</summary>
    public IReadOnlySet<string> SetsWithPods { get; init; } = new HashSet<string>();

    /// <summary>How many pods are wanted.</summary>
    public long Wanted => Deployment.Integer("spec", "replicas") ?? 1;

    public bool IsPaused => Deployment.Flag("spec", "paused") == true;

    public bool IsDeleting => Deployment.At("metadata", "deletionTimestamp") is not null;

    public bool Recreates => Deployment.Text("spec", "strategy", "type") == "Recreate";

    /// <summary>How long a rollout may stand still; null when nobody cares.</summary>
    public TimeSpan? Deadline => Deployment.Integer("spec", "progressDeadlineSeconds") is { } seconds and not int.MaxValue ? TimeSpan.FromSeconds(seconds) : null;
}
