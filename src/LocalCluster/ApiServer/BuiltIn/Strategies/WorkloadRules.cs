using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>What the kinds of the apps group must look like, in a real server's words. What is only missing is said by the schema.</summary>
internal static class WorkloadRules
{
    public static IEnumerable<FieldError> Deployment(JsonObject spec)
    {
        foreach (var error in AmountRules.Counts(spec, "spec", "replicas")
            .Concat(Selector(spec, "deployment"))
            .Concat(Template(spec, "ReplicaSet"))
            .Concat(Strategy(spec["strategy"] as JsonObject ?? []))
            .Concat(AmountRules.Counts(spec, "spec", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")))
        {
            yield return error;
        }

        if (spec.Integer("progressDeadlineSeconds") is { } deadline && deadline <= (spec.Integer("minReadySeconds") ?? 0))
        {
            yield return FieldError.Invalid("spec.progressDeadlineSeconds", JsonKinds.Show(spec["progressDeadlineSeconds"]!), "must be greater than minReadySeconds");
        }
    }

    // The words of the selector's rule are the same as for a deployment.
    public static IEnumerable<FieldError> ReplicaSet(JsonObject spec) =>
        AmountRules.Counts(spec, "spec", "replicas", "minReadySeconds").Concat(Selector(spec, "deployment"))
            .Concat(spec["template"] is null ? [FieldError.Required("spec.template")] : Template(spec, "ReplicaSet"));

    public static IEnumerable<FieldError> DaemonSet(JsonObject spec) =>
        Selector(spec, "daemonset").Concat(Template(spec, "DaemonSet"))
            .Concat(AmountRules.Counts(spec, "spec", "minReadySeconds"))
            .Concat(UpdateStrategy(spec["updateStrategy"] as JsonObject ?? []))
            .Concat(AmountRules.Counts(spec, "spec", "revisionHistoryLimit"));

    /// <summary>Whose pods these are cannot change: others would be left behind.</summary>
    public static IEnumerable<FieldError> SameSelector(JsonObject obj, JsonObject old)
    {
        if (obj.At("spec", "selector") is { } selector && !JsonNode.DeepEquals(selector, old.At("spec", "selector")))
        {
            yield return FieldError.Invalid("spec.selector", JsonKinds.Show(selector), "field is immutable");
        }
    }

    private static IEnumerable<FieldError> Selector(JsonObject spec, string kind)
    {
        if (spec["selector"] is not JsonObject selector)
        {
            yield break;
        }

        foreach (var error in SelectorRules.Check(selector, "spec.selector"))
        {
            yield return error;
        }

        if (IsEmpty(selector))
        {
            yield return FieldError.Invalid("spec.selector", JsonKinds.Show(selector), $"empty selector is invalid for {kind}");
        }
    }

    private static IEnumerable<FieldError> Template(JsonObject spec, string kind)
    {
        if (spec["template"] is not JsonObject template)
        {
            yield break;
        }

        if (spec["selector"] is JsonObject selector && !IsEmpty(selector) && !Selects(selector, template))
        {
            yield return FieldError.Invalid("spec.template.metadata.labels", JsonKinds.Show(template.At("metadata", "labels") ?? new JsonObject()), "`selector` does not match template `labels`");
        }

        foreach (var error in MetadataRules.Labels(template.At("metadata", "labels") as JsonObject, "spec.template.labels"))
        {
            yield return error;
        }

        foreach (var error in PodRules.Check(template))
        {
            // What a template lacks altogether, its schema has said.
            if (error.Reason != "FieldValueRequired" && error.Field != "spec.restartPolicy")
            {
                yield return error with { Field = "spec.template." + error.Field };
            }
        }

        if (template.Text("spec", "restartPolicy") is { Length: > 0 } policy && policy != "Always")
        {
            yield return FieldError.NotSupported("spec.template.spec.restartPolicy", $"\"{policy}\"", ["Always"]);
        }

        if (template.At("spec", "activeDeadlineSeconds") is not null)
        {
            yield return FieldError.Forbidden("spec.template.spec.activeDeadlineSeconds", $"activeDeadlineSeconds in {kind} is not Supported");
        }
    }

    private static IEnumerable<FieldError> Strategy(JsonObject strategy)
    {
        const string path = "spec.strategy.rollingUpdate";
        var rolling = strategy["rollingUpdate"] as JsonObject;
        switch (strategy.Text("type"))
        {
            case "Recreate" when rolling is not null:
                yield return FieldError.Forbidden(path, "may not be specified when strategy `type` is 'Recreate'");
                break;
            case "RollingUpdate" when rolling is not null:
                foreach (var error in Amounts(rolling, path))
                {
                    yield return error;
                }

                if (IsZero(rolling["maxUnavailable"]) && IsZero(rolling["maxSurge"]))
                {
                    yield return FieldError.Invalid(path + ".maxUnavailable", JsonKinds.Show(rolling["maxUnavailable"]!), "may not be 0 when `maxSurge` is 0");
                }

                break;
            default:
                // Other words are refused by the schema.
                break;
        }
    }

    private static IEnumerable<FieldError> UpdateStrategy(JsonObject strategy)
    {
        const string path = "spec.updateStrategy.rollingUpdate";
        if (strategy.Text("type") != "RollingUpdate" || strategy["rollingUpdate"] is not JsonObject rolling)
        {
            yield break;
        }

        foreach (var error in Amounts(rolling, path))
        {
            yield return error;
        }

        switch (IsZero(rolling["maxUnavailable"]), IsZero(rolling["maxSurge"]))
        {
            case (true, true):
                yield return FieldError.Required(path + ".maxUnavailable", "cannot be 0 when maxSurge is 0");
                break;
            case (false, false):
                yield return FieldError.Invalid(path + ".maxSurge", JsonKinds.Show(rolling["maxSurge"]!), "may not be set when maxUnavailable is non-zero");
                break;
            default:
                break;
        }
    }

    private static IEnumerable<FieldError> Amounts(JsonObject rolling, string path)
    {
        foreach (var name in (string[])["maxUnavailable", "maxSurge"])
        {
            foreach (var error in rolling[name] is { } amount ? AmountRules.IntOrPercent(amount, $"{path}.{name}") : [])
            {
                yield return error;
            }
        }

        foreach (var error in rolling["maxUnavailable"] is { } unavailable ? AmountRules.AtMostAll(unavailable, path + ".maxUnavailable") : [])
        {
            yield return error;
        }
    }

    private static bool IsZero(JsonNode? amount) => amount is null || amount.Integer() == 0 || amount.Text()?.TrimStart('0') == "%";

    private static bool IsEmpty(JsonObject selector) =>
        selector["matchLabels"] is not JsonObject { Count: > 0 } && selector["matchExpressions"] is not JsonArray { Count: > 0 };

    private static bool Selects(JsonObject selector, JsonObject template)
    {
        try
        {
            return LabelSelector.FromJson(selector).Matches(template.Labels());
        }
        catch (SelectorException)
        {
            // Its own rules have said what is wrong with it.
            return true;
        }
    }
}
