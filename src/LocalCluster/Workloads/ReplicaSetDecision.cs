using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>Which pods a replica set lacks or has too many of, and its status: pure. The rules are those of Kubernetes' controller.</summary>
internal static class ReplicaSetDecision
{
    /// <summary>No more pods than this are created or deleted at once.</summary>
    public const int Burst = 500;

    private const string FailureType = "ReplicaFailure";

    public static ReplicaSetPlan Decide(ReplicaSetFacts facts)
    {
        if (facts.ReplicaSet.At("metadata", "deletionTimestamp") is not null)
        {
            return new(0, []);
        }

        var active = facts.Pods.Where(p => p.IsActive).ToList();
        var surplus = active.Count - Wanted(facts.ReplicaSet);
        return surplus < 0
            ? new((int)Math.Min(-surplus, Burst), [])
            : new(0, [.. InOrderOfDeletion(active, facts.Crowd).Take((int)Math.Min(surplus, Burst))]);
    }

    /// <summary>Which pods are missed least: those that do no work yet, then those among many on a node, then the youngest.</summary>
    public static IEnumerable<WorkloadPod> InOrderOfDeletion(IEnumerable<WorkloadPod> pods, IReadOnlyDictionary<string, int> crowd) => pods
        .OrderBy(p => p.Node.Length > 0)
        .ThenBy(p => p.Phase switch { "Pending" => 0, "Running" => 2, _ => 1 })
        .ThenBy(p => p.IsReady)
        .ThenBy(p => p.DeletionCost)
        .ThenByDescending(p => crowd.GetValueOrDefault(p.Node))
        .ThenByDescending(p => p.ReadySince ?? DateTimeOffset.MaxValue)
        .ThenByDescending(p => p.Restarts)
        .ThenByDescending(p => p.Created)
        .ThenBy(p => p.Name, StringComparer.Ordinal);

    /// <summary>The status that tells of these pods; null when it is written already.</summary>
    /// <param name="facts">What there is.</param>
    /// <param name="failure">Reason and message of what could not be done; null when all went well.</param>
    /// <param name="triedAll">False while what failed is not tried again yet: then the failure of before still stands.</param>
    public static JsonObject? Status(ReplicaSetFacts facts, (string Reason, string Message)? failure, bool triedAll)
    {
        var active = facts.Pods.Where(p => p.IsActive).ToList();
        var labels = facts.ReplicaSet.Strings("spec", "template", "metadata", "labels");
        var minReady = MinReady(facts.ReplicaSet);
        var status = new JsonObject { ["replicas"] = active.Count };
        Count(status, "fullyLabeledReplicas", active.Count(p => labels.All(l => p.Labels.TryGetValue(l.Key, out var value) && value == l.Value)));
        Count(status, "readyReplicas", active.Count(p => p.IsReady));
        Count(status, "availableReplicas", active.Count(p => p.IsAvailable(minReady, facts.Now)));
        status["terminatingReplicas"] = facts.Pods.Count(p => p is { IsDeleting: true, IsFinished: false });
        status["observedGeneration"] = facts.ReplicaSet.Integer("metadata", "generation") ?? 0;
        var conditions = (facts.ReplicaSet.At("status", "conditions") as JsonArray ?? []).OfType<JsonObject>().Select(c => c.Clone()).ToList();
        var known = conditions.Find(c => c.Text("type") == FailureType);
        if (failure is { } why && known is null)
        {
            conditions.Add(new JsonObject
            {
                ["type"] = FailureType,
                ["status"] = "True",
                ["lastTransitionTime"] = ResourceOperations.Timestamp(facts.Now),
                ["reason"] = why.Reason,
                ["message"] = why.Message,
            });
        }
        else if (failure is null && triedAll && known is not null)
        {
            conditions.Remove(known);
        }

        if (conditions.Count > 0)
        {
            status["conditions"] = new JsonArray([.. conditions]);
        }

        return JsonNode.DeepEquals(status, facts.ReplicaSet["status"]) ? null : status;
    }

    /// <summary>When the next pod has been ready for long enough; null when none waits for that.</summary>
    public static DateTimeOffset? NextAvailable(ReplicaSetFacts facts)
    {
        var minReady = MinReady(facts.ReplicaSet);
        return facts.Pods.Where(p => p.IsActive && !p.IsAvailable(minReady, facts.Now)).Select(p => p.AvailableAt(minReady)).Min();
    }

    public static long Wanted(JsonNode replicaSet) => replicaSet.Integer("spec", "replicas") ?? 1;

    public static TimeSpan MinReady(JsonNode workload) => TimeSpan.FromSeconds(workload.Integer("spec", "minReadySeconds") ?? 0);

    private static void Count(JsonObject status, string name, int number)
    {
        if (number != 0)
        {
            status[name] = number;
        }
    }
}
