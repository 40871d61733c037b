using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Schema;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Daemon sets: the changes of their template are counted apart, in an annotation that nobody else can set.</summary>
internal sealed class DaemonSetStrategy : ResourceStrategy
{
    public override bool CountsGeneration => true;

    public override void PrepareForCreate(WriteContext context, JsonObject obj)
    {
        obj["status"] = new JsonObject
        {
            ["currentNumberScheduled"] = 0,
            ["numberMisscheduled"] = 0,
            ["desiredNumberScheduled"] = 0,
            ["numberReady"] = 0,
        };
        SetTemplateGeneration(obj, 1);
    }

    public override void PrepareForUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        var before = long.TryParse(old.Text("metadata", "annotations", WorkloadDefaults.TemplateGeneration), CultureInfo.InvariantCulture, out var number) ? number : 1;
        SetTemplateGeneration(obj, JsonNode.DeepEquals(obj.At("spec", "template"), old.At("spec", "template")) ? before : before + 1);
    }

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj) =>
        context.Subresource is null && obj["spec"] is JsonObject spec ? WorkloadRules.DaemonSet(spec) : [];

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old) => context.Subresource == "status"
        ? AmountRules.Counts(obj["status"], "status", "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady",
            "observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable")
        : WorkloadRules.SameSelector(obj, old);

    private static void SetTemplateGeneration(JsonObject obj, long number) =>
        obj.Ensure("metadata", "annotations")[WorkloadDefaults.TemplateGeneration] = number.ToString(CultureInfo.InvariantCulture);
}
