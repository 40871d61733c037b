using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Workloads;

/// <summary>What is to be done about a deployment, in this order.</summary>
internal sealed record DeploymentPlan
{
    /// <summary>The replica set of the present template, when it has to be made.</summary>
    public JsonObject? Creation { get; init; }

    /// <summary>Replica sets as they are to be.</summary>
    public IReadOnlyList<JsonObject> Changes { get; init; } = [];

    /// <summary>Replica sets of states that nobody needs to go back to any more.</summary>
    public IReadOnlyList<OwnedReplicaSet> Deletions { get; init; } = [];

    /// <summary>What happens, in the words of events.</summary>
    public IReadOnlyList<string> Scalings { get; init; } = [];

    /// <summary>The deployment with the annotations and the status that it is to have; null when it has them.</summary>
    public JsonObject? Deployment { get; init; }

    /// <summary>When the rollout has stood still for too long, unless something happens.</summary>
    public DateTimeOffset? LookAgainAt { get; init; }
}
