using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Workloads;

/// <summary>The conditions in a deployment's status, and the words they have in Kubernetes: pure.</summary>
internal static class DeploymentConditions
{
    public const string Available = "Available";
    public const string Progressing = "Progressing";
    public const string ReplicaFailure = "ReplicaFailure";

    public const string NewReplicaSetAvailable = "NewReplicaSetAvailable";
    public const string DeadlineExceeded = "ProgressDeadlineExceeded";
    public const string ReplicaSetUpdated = "ReplicaSetUpdated";
    public const string NewReplicaSetCreated = "NewReplicaSetCreated";
    public const string FoundNewReplicaSet = "FoundNewReplicaSet";
    public const string CreateError = "ReplicaSetCreateError";
    public const string Paused = "DeploymentPaused";
    public const string Resumed = "DeploymentResumed";

    public static JsonObject? Find(JsonNode? status, string type) =>
        (status.At("conditions") as JsonArray)?.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == type);

    /// <summary>Says something new; the same state for the same reason is nothing new, and stays as it is.</summary>
    public static void Set(JsonObject status, string type, string value, string reason, string message, DateTimeOffset now)
    {
        var before = Find(status, type);
        if (before.Text("status") == value && before.Text("reason") == reason)
        {
            return;
        }

        var since = before.Text("status") == value ? before.Text("lastTransitionTime") : null;
        Replace(status, type, value, reason, message, now, since);
    }

    /// <summary>Says it again with the present time: the rollout has moved.</summary>
    public static void Renew(JsonObject status, string type, string reason, string message, DateTimeOffset now)
    {
        var before = Find(status, type);
        Replace(status, type, "True", reason, message, now, before.Text("status") == "True" ? before.Text("lastTransitionTime") : null);
    }

    public static void Remove(JsonObject status, string type)
    {
        if (Find(status, type) is { } condition)
        {
            var conditions = (JsonArray)status["conditions"]!;
            conditions.Remove(condition);
            if (conditions.Count == 0)
            {
                status.Remove("conditions");
            }
        }
    }

    private static void Replace(JsonObject status, string type, string value, string reason, string message, DateTimeOffset now, string? since)
    {
        Remove(status, type);
        if (status["conditions"] is not JsonArray conditions)
        {
            status["conditions"] = conditions = [];
        }

        conditions.Add((JsonNode)new JsonObject
        {
            ["type"] = type,
            ["status"] = value,
            ["lastUpdateTime"] = ResourceOperations.Timestamp(now),
            ["lastTransitionTime"] = since ?? ResourceOperations.Timestamp(now),
            ["reason"] = reason,
            ["message"] = message,
        });
    }
}
