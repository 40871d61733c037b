using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Disruption;

/// <summary>The status of a budget from what it guards: pure. The rules are those of Kubernetes' disruption controller.</summary>
internal static class DisruptionDecision
{
    public static DisruptionPlan Decide(DisruptionFacts facts)
    {
        var (expected, desired, problem) = facts.Problem is { } unknown ? (0, 0, unknown) : Demand(facts);
        if (problem is not null)
        {
            // The generation that was seen stays as it is: evictions are to know that the numbers are those of another spec.
            var failed = facts.Budget["status"] is JsonObject before ? before.Clone() : BudgetStatus.Fresh();
            BudgetStatus.Fail(failed, problem, facts.Now);
            return Plan(facts, failed, null);
        }

        var (disrupted, again) = Disrupted(facts);
        var healthy = facts.Pods.Count(p => p is { IsDeleting: false, IsReady: true } && !disrupted.ContainsKey(p.Name));

        // Without any expected pod nothing is allowed: the first pods come before this status is written again.
        var allowed = expected <= 0 ? 0 : Math.Max(0, healthy - desired);
        var status = new JsonObject { ["observedGeneration"] = facts.Budget.Integer("metadata", "generation") ?? 0 };
        if (disrupted.Count > 0)
        {
            status["disruptedPods"] = disrupted;
        }

        status["disruptionsAllowed"] = allowed;
        status["currentHealthy"] = healthy;
        status["desiredHealthy"] = desired;
        status["expectedPods"] = expected;
        if (facts.Budget.At("status", "conditions") is JsonArray conditions)
        {
            status["conditions"] = conditions.DeepClone();
        }

        BudgetStatus.Judge(status, facts.Now);
        return Plan(facts, status, again);
    }

    private static DisruptionPlan Plan(DisruptionFacts facts, JsonObject status, DateTimeOffset? again) =>
        new(JsonNode.DeepEquals(status, facts.Budget["status"]) ? null : status, again);

    // How many pods there should be, and how many of them must stay healthy.
    private static (long Expected, long Desired, string? Problem) Demand(DisruptionFacts facts)
    {
        var spec = facts.Budget["spec"];
        if (spec.At("maxUnavailable") is { } most)
        {
            var (expected, problem) = Wanted(facts);
            return (expected, Math.Max(0, expected - Share(most, expected)), problem);
        }

        if (spec.At("minAvailable") is not { } least)
        {
            return (0, 0, null);
        }

        if (least.GetValueKind() == JsonValueKind.Number)
        {
            return (facts.Pods.Count, Share(least, 0), null);
        }

        var (wanted, unknown) = Wanted(facts);
        return (wanted, Share(least, wanted), unknown);
    }

    // What the controllers of all these pods want together. A pod without one counts for nothing.
    private static (long Count, string? Problem) Wanted(DisruptionFacts facts)
    {
        var counted = new HashSet<string>(StringComparer.Ordinal);
        var sum = 0L;
        foreach (var pod in facts.Pods)
        {
            if (pod.Controller is null)
            {
                continue;
            }

            var scale = facts.Scales.GetValueOrDefault(pod.Controller, ControllerScale.Gone);
            if (!counted.Add(scale.Above ?? pod.Controller))
            {
                continue;
            }

            if (scale.Replicas is not { } replicas)
            {
                return (0, scale.Problem ?? $"found no controllers for pod \"{pod.Name}\"");
            }

            sum += replicas;
        }

        return (sum, null);
    }

    // A number, or a percentage of the whole; parts of a pod are rounded up.
    private static long Share(JsonNode value, long of)
    {
        if (value.Integer() is { } count)
        {
            return count;
        }

        return long.TryParse(value.Text()?.TrimEnd('%'), NumberStyles.None, CultureInfo.InvariantCulture, out var percent)
            ? ((percent * of) + 99) / 100
            : 0;
    }

    // Evicted pods that are not yet being deleted; those that never were are given up after a while.
    private static (JsonObject Pods, DateTimeOffset? Until) Disrupted(DisruptionFacts facts)
    {
        var kept = new JsonObject();
        DateTimeOffset? until = null;
        if (facts.Budget.At("status", "disruptedPods") is JsonObject known)
        {
            foreach (var pod in facts.Pods)
            {
                if (pod.IsDeleting || known[pod.Name].Text() is not { } text
                    || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var since))
                {
                    continue;
                }

                var end = since + BudgetStatus.DeletionTimeout;
                if (end > facts.Now)
                {
                    kept[pod.Name] = text;
                    until = until is null || end < until ? end : until;
                }
            }
        }

        return (kept, until);
    }
}
