using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>The status of a deployment from its replica sets: pure. The rules are those of Kubernetes' deployment controller.</summary>
internal static class DeploymentStatus
{
    /// <summary>The numbers, and whether enough pods are available. Conditions of before are kept.</summary>
    public static JsonObject Count(DeploymentFacts facts, IReadOnlyList<OwnedReplicaSet> all, OwnedReplicaSet? newest, JsonObject before)
    {
        var available = all.Sum(s => s.Available);
        var status = new JsonObject { ["observedGeneration"] = facts.Deployment.Integer("metadata", "generation") ?? 0 };
        Put(status, "replicas", all.Sum(s => s.Replicas));
        Put(status, "updatedReplicas", newest?.Replicas ?? 0);
        Put(status, "readyReplicas", all.Sum(s => s.Ready));
        Put(status, "availableReplicas", available);
        Put(status, "unavailableReplicas", Math.Max(0, all.Sum(s => s.Wanted) - available));
        if (all.All(s => s.Terminating is not null))
        {
            status["terminatingReplicas"] = all.Sum(s => s.Terminating);
        }

        if (before["conditions"] is JsonArray conditions)
        {
            status["conditions"] = conditions.DeepClone();
        }

        if (before["collisionCount"] is { } collisions)
        {
            status["collisionCount"] = collisions.DeepClone();
        }

        if (available >= facts.Wanted - RolloutBounds.Of(facts.Deployment).Unavailable)
        {
            DeploymentConditions.Set(status, DeploymentConditions.Available, "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", facts.Now);
        }
        else
        {
            DeploymentConditions.Set(status, DeploymentConditions.Available, "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", facts.Now);
        }

        return status;
    }

    /// <summary>Says in the conditions how the rollout goes.</summary>
    public static void Judge(DeploymentFacts facts, JsonObject status, IReadOnlyList<OwnedReplicaSet> all, OwnedReplicaSet? newest)
    {
        var progress = DeploymentConditions.Find(status, DeploymentConditions.Progressing);
        if (facts.Deadline is null)
        {
            DeploymentConditions.Remove(status, DeploymentConditions.Progressing);
        }
        else if (Of(status, "replicas") != Of(status, "updatedReplicas") || progress.Text("reason") != DeploymentConditions.NewReplicaSetAvailable)
        {
            Progress(facts, status, newest, progress);
        }

        // What stops the newest set matters most.
        var failure = (newest is null ? all : [newest, .. all]).Select(s => Failure(s.Object)).FirstOrDefault(f => f is not null);
        if (failure is null)
        {
            DeploymentConditions.Remove(status, DeploymentConditions.ReplicaFailure);
        }
        else
        {
            DeploymentConditions.Set(status, DeploymentConditions.ReplicaFailure, failure.Text("status")!, failure.Text("reason") ?? "", failure.Text("message") ?? "", facts.Now);
        }
    }

    /// <summary>All pods are of the present template, available, and there is no other one.</summary>
    public static bool IsComplete(DeploymentFacts facts, JsonNode? status) =>
        Of(status, "updatedReplicas") == facts.Wanted && Of(status, "replicas") == facts.Wanted && Of(status, "availableReplicas") == facts.Wanted
        && Of(status, "observedGeneration") >= (facts.Deployment.Integer("metadata", "generation") ?? 0);

    /// <summary>When the rollout has stood still for too long; null when it is over or nobody cares.</summary>
    public static DateTimeOffset? TimesOutAt(DeploymentFacts facts, JsonNode status)
    {
        var progress = DeploymentConditions.Find(status, DeploymentConditions.Progressing);
        return facts.Deadline is not { } deadline || progress is null || facts.IsPaused || IsComplete(facts, status)
            || progress.Text("reason") is DeploymentConditions.NewReplicaSetAvailable or DeploymentConditions.DeadlineExceeded
            ? null
            : Times.Parse(progress.Text("lastUpdateTime")) + deadline;
    }

    private static void Progress(DeploymentFacts facts, JsonObject status, OwnedReplicaSet? newest, JsonObject? progress)
    {
        var subject = newest is null ? $"Deployment \"{facts.Deployment.Name()}\"" : $"ReplicaSet \"{newest.Name}\"";
        if (IsComplete(facts, status))
        {
            DeploymentConditions.Set(status, DeploymentConditions.Progressing, "True", DeploymentConditions.NewReplicaSetAvailable, $"{subject} has successfully progressed.", facts.Now);
        }
        else if (HasMoved(facts.Deployment["status"], status))
        {
            DeploymentConditions.Renew(status, DeploymentConditions.Progressing, DeploymentConditions.ReplicaSetUpdated, $"{subject} is progressing.", facts.Now);
        }
        else if (progress is not null && (progress.Text("reason") == DeploymentConditions.DeadlineExceeded || TimesOutAt(facts, status) <= facts.Now))
        {
            DeploymentConditions.Set(status, DeploymentConditions.Progressing, "False", DeploymentConditions.DeadlineExceeded, $"{subject} has timed out progressing.", facts.Now);
        }
    }

    private static bool HasMoved(JsonNode? before, JsonNode now) =>
        Of(now, "updatedReplicas") > Of(before, "updatedReplicas")
        || Of(now, "replicas") - Of(now, "updatedReplicas") < Of(before, "replicas") - Of(before, "updatedReplicas")
        || Of(now, "readyReplicas") > Of(before, "readyReplicas")
        || Of(now, "availableReplicas") > Of(before, "availableReplicas");

    private static JsonObject? Failure(JsonNode set) => DeploymentConditions.Find(set["status"], DeploymentConditions.ReplicaFailure);

    private static long Of(JsonNode? status, string name) => status.Integer(name) ?? 0;

    private static void Put(JsonObject status, string name, long number)
    {
        if (number != 0)
        {
            status[name] = number;
        }
    }
}
