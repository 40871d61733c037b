using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Replica sets: a status of their controller, and a selector for life.</summary>
internal sealed class ReplicaSetStrategy : ResourceStrategy
{
    public override bool CountsGeneration => true;

    public override void PrepareForCreate(WriteContext context, JsonObject obj) => obj["status"] = new JsonObject { ["replicas"] = 0 };

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj) =>
        context.Subresource != "status" && obj["spec"] is JsonObject spec ? WorkloadRules.ReplicaSet(spec) : [];

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old) => context.Subresource == "status"
        ? AmountRules.Counts(obj["status"], "status", "replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration")
        : WorkloadRules.SameSelector(obj, old);
}
