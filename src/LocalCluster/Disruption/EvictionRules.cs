using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Disruption;

/// <summary>Whether a pod may be evicted: pure, by the status of the budget that guards it. The rules are those of Kubernetes.</summary>
internal static class EvictionRules
{
    /// <summary>So many evictions that the controller has not taken note of are too many to add another one.</summary>
    public const int MaxDisruptedPods = 2000;

    private const string Refused = "Cannot evict pod as it would violate the pod's disruption budget.";
    private const int RetryAfterSeconds = 10;

    /// <param name="pod">The pod, as it was read.</param>
    /// <param name="budgets">All budgets of its namespace.</param>
    /// <param name="now">When it leaves.</param>
    public static EvictionVerdict Decide(JsonObject pod, IEnumerable<JsonObject> budgets, DateTimeOffset now)
    {
        if (pod.At("metadata", "deletionTimestamp") is not null || pod.Text("status", "phase") is "Succeeded" or "Failed")
        {
            return new();
        }

        if (pod.Text("status", "phase") == "Pending")
        {
            return new() { AtThisRevision = true };
        }

        var matching = budgets.Where(b => Selects(b, pod)).Take(2).ToList();
        return matching.Count switch
        {
            0 => new(),
            1 => Of(matching[0], pod, now),
            _ => new() { Refusal = new(500, "", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.") },
        };
    }

    /// <summary>The answer while the budget's status, or what the verdict rests on, is out of date.</summary>
    public static StatusException NotYet(JsonObject budget) =>
        ApiErrors.TooManyRequests(Refused, Cause($"The disruption budget {budget.Name()} is still being processed by the server."), RetryAfterSeconds);

    private static EvictionVerdict Of(JsonObject budget, JsonObject pod, DateTimeOffset now)
    {
        var (healthy, desired) = (BudgetStatus.Number(budget, "currentHealthy"), BudgetStatus.Number(budget, "desiredHealthy"));
        if (!GuardedPod.Ready(pod)
            && (budget.Text("spec", "unhealthyPodEvictionPolicy") == "AlwaysAllow" || (healthy >= desired && desired > 0)))
        {
            // It does not count as healthy, so its going takes nothing away.
            return new() { Budget = budget, AtThisRevision = true };
        }

        if (WhyNot(budget, healthy, desired) is { } refusal)
        {
            return new() { Budget = budget, Refusal = refusal };
        }

        var spent = (JsonObject)budget["status"]!.DeepClone();
        var left = BudgetStatus.Number(budget, "disruptionsAllowed") - 1;
        spent["disruptionsAllowed"] = left;
        spent.Ensure("disruptedPods")[pod.Name()] = BudgetStatus.Timestamp(now);
        if (left == 0)
        {
            BudgetStatus.Judge(spent, now);
        }

        return new() { Budget = budget, Spent = spent };
    }

    private static StatusException? WhyNot(JsonObject budget, long healthy, long desired)
    {
        if (!BudgetStatus.IsCurrent(budget))
        {
            return NotYet(budget);
        }

        var allowed = BudgetStatus.Number(budget, "disruptionsAllowed");
        if (allowed < 0)
        {
            return Forbidden(budget, "pdb disruptions allowed is negative");
        }

        if (budget.At("status", "disruptedPods") is JsonObject { Count: > MaxDisruptedPods })
        {
            return Forbidden(budget, "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
        }

        return allowed == 0 ? ApiErrors.TooManyRequests(Refused, Cause(Exhausted(budget, healthy, desired))) : null;
    }

    private static string Exhausted(JsonObject budget, long healthy, long desired)
    {
        var condition = BudgetStatus.Condition(budget["status"]);
        var (reason, message) = condition.Text("status") == "False" ? (condition.Text("reason"), condition.Text("message")) : (null, null);
        var says = !string.IsNullOrEmpty(message);

        // Where the numbers could not be found out, they are no explanation.
        return reason == BudgetStatus.SyncFailed && says ? $"The disruption budget {budget.Name()} does not allow evicting pods currently because it failed sync: {message}"
            : healthy <= desired ? $"The disruption budget {budget.Name()} needs {desired} healthy pods and has {healthy} currently"
            : says ? $"The disruption budget {budget.Name()} does not allow evicting pods currently ({reason}): {message}"
            : $"The disruption budget {budget.Name()} does not allow evicting pods currently";
    }

    private static StatusException Forbidden(JsonObject budget, string why) => ApiErrors.Forbidden("policy", "poddisruptionbudget", budget.Name(), why);

    private static JsonObject Cause(string message) => new()
    {
        ["causes"] = new JsonArray(new JsonObject { ["reason"] = "DisruptionBudget", ["message"] = message }),
    };

    private static bool Selects(JsonObject budget, JsonObject pod)
    {
        try
        {
            return LabelSelector.FromJson(budget.At("spec", "selector")).Matches(pod.Labels());
        }
        catch (SelectorException)
        {
            // A selector that nobody understands selects nothing.
            return false;
        }
    }
}
