using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Writing;
using Godwit.LocalCluster.Disruption;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Disruption budgets: one bound, of the right form. The spec may change at any time; the status follows it.</summary>
internal sealed partial class PodDisruptionBudgetStrategy : ResourceStrategy
{
    private const string PercentHint =
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

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
            .Concat(Bounds.Where(b => spec[b] is not null).SelectMany(b => Bound(spec[b]!, "spec." + b)))
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

    private static IEnumerable<FieldError> Bound(JsonNode bound, string path)
    {
        if (bound.GetValueKind() != JsonValueKind.String)
        {
            if (bound.Integer() < 0)
            {
                yield return FieldError.Invalid(path, JsonKinds.Show(bound), "must be greater than or equal to 0");
            }

            yield break;
        }

        var text = bound.Text() ?? "";
        if (!Percent().IsMatch(text))
        {
            yield return FieldError.Invalid(path, JsonKinds.Show(bound), PercentHint);
        }
        else if (!int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var percent) || percent > 100)
        {
            yield return FieldError.Invalid(path, JsonKinds.Show(bound), "must not be greater than 100%");
        }
    }

    [GeneratedRegex("^[0-9]+%\\z", RegexOptions.NonBacktracking)]
    private static partial Regex Percent();
}
