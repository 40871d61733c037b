using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Disruption;

/// <summary>The status of a PodDisruptionBudget, as both its controller and evictions write it.</summary>
internal static class BudgetStatus
{
    /// <summary>Qualified name of the budgets' resource.</summary>
    public const string Resource = "poddisruptionbudgets.policy";

    public const string DisruptionAllowed = "DisruptionAllowed";
    public const string SufficientPods = "SufficientPods";
    public const string InsufficientPods = "InsufficientPods";
    public const string SyncFailed = "SyncFailed";

    /// <summary>An evicted pod that is not even being deleted after so long is taken for one that stays.</summary>
    public static readonly TimeSpan DeletionTimeout = TimeSpan.FromMinutes(2);

    /// <summary>A budget that nobody has looked at yet: it allows nothing.</summary>
    public static JsonObject Fresh() => new()
    {
        ["disruptionsAllowed"] = 0,
        ["currentHealthy"] = 0,
        ["desiredHealthy"] = 0,
        ["expectedPods"] = 0,
    };

    /// <summary>One of the numbers; what is absent is zero.</summary>
    public static long Number(JsonNode? budget, string name) => budget.Integer("status", name) ?? 0;

    /// <summary>Whether the status speaks of the spec as it is now.</summary>
    public static bool IsCurrent(JsonNode budget) => Number(budget, "observedGeneration") >= (budget.Integer("metadata", "generation") ?? 0);

    /// <summary>The condition DisruptionAllowed; null when there is none.</summary>
    public static JsonObject? Condition(JsonNode? status) =>
        (status.At("conditions") as JsonArray)?.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == DisruptionAllowed);

    /// <summary>Says in the condition what the number of allowed disruptions means.</summary>
    public static void Judge(JsonObject status, DateTimeOffset now)
    {
        var allowed = status.Integer("disruptionsAllowed") > 0;
        Set(status, allowed ? "True" : "False", allowed ? SufficientPods : InsufficientPods, "", now);
    }

    /// <summary>Nothing may go while it is not known what there is.</summary>
    public static void Fail(JsonObject status, string why, DateTimeOffset now)
    {
        status["disruptionsAllowed"] = 0;
        Set(status, "False", SyncFailed, why, now);
    }

    public static string Timestamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static void Set(JsonObject status, string value, string reason, string message, DateTimeOffset now)
    {
        var before = Condition(status);
        var condition = new JsonObject { ["type"] = DisruptionAllowed, ["status"] = value };
        if (status.Integer("observedGeneration") is > 0 and var generation)
        {
            condition["observedGeneration"] = generation;
        }

        condition["lastTransitionTime"] = (before.Text("status") == value ? before.Text("lastTransitionTime") : null) ?? Timestamp(now);
        condition["reason"] = reason;
        condition["message"] = message;
        if (status["conditions"] is not JsonArray conditions)
        {
            status["conditions"] = conditions = [];
        }

        if (before is null)
        {
            conditions.Add((JsonNode)condition);
        }
        else
        {
            conditions[conditions.IndexOf(before)] = condition;
        }
    }
}
