using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Disruption;
using Godwit.LocalCluster.Schema;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Disruption budgets: one bound, of the right form. The spec may change at any time; the status follows it.</summary>
internal sealed class PodDisruptionBudgetStrategy : ResourceStrategy
{
    private static readonly string[] Bounds = ["minAvailable", "maxUnavailable"];
    private static readonly string[] Numbers = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"];

    public override bool CountsGeneration => true;

    // Evictions count on it: what they take from a status must be the status that they read.
    public override bool AllowsUnconditionalUpdate => false;

    public override void PrepareForCreate(WriteContext context, JsonObject obj) => obj["status"] = BudgetStatus.Fresh();

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        if (context.Subresource is not null)
        {
            return [];
        }

        var spec = obj["spec"] as JsonObject ?? [];
        return Both(spec)
            .Concat(Bounds.Where(b => spec[b] is not null).SelectMany(b => AmountRules.IntOrPercent(spec[b]!, "spec." + b).Concat(AmountRules.AtMostAll(spec[b]!, "spec." + b))))
            .Concat(SelectorRules.Check(spec["selector"], "spec.selector"));
    }

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old) => context.Subresource == "status"
        ? Numbers.Where(n => BudgetStatus.Number(obj, n) < 0)
            .Select(n => FieldError.Invalid("status." + n, BudgetStatus.Number(obj, n).ToString(CultureInfo.InvariantCulture), "must be greater than or equal to 0"))
        : [];

    private static IEnumerable<FieldError> Both(JsonObject spec)
    {
        if (Bounds.All(b => spec[b] is not null))
        {
            // Shown as a real server shows it: by the names that the spec has within that server.
            var shown = new JsonObject
            {
                ["MinAvailable"] = spec["minAvailable"]!.DeepClone(),
                ["Selector"] = spec["selector"]?.DeepClone(),
                ["MaxUnavailable"] = spec["maxUnavailable"]!.DeepClone(),
                ["UnhealthyPodEvictionPolicy"] = spec["unhealthyPodEvictionPolicy"]?.DeepClone(),
            };
            yield return FieldError.Invalid("spec", JsonKinds.Show(shown), "minAvailable and maxUnavailable cannot be both set");
        }
    }
}
