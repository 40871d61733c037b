using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Deployments: annotations count as a change too, as they go to the replica sets.</summary>
internal sealed class DeploymentStrategy : ResourceStrategy
{
    public override bool CountsGeneration => true;

    public override void PrepareForCreate(WriteContext context, JsonObject obj) => obj["status"] = new JsonObject();

    public override void PrepareForUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        if (context.Subresource is null && !JsonNode.DeepEquals(obj.At("metadata", "annotations") ?? new JsonObject(), old.At("metadata", "annotations") ?? new JsonObject()))
        {
            obj["metadata"]!["generation"] = (old.Integer("metadata", "generation") ?? 0) + 1;
        }
    }

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj) =>
        context.Subresource != "status" && obj["spec"] is JsonObject spec ? WorkloadRules.Deployment(spec) : [];

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old) => context.Subresource == "status"
        ? AmountRules.Counts(obj["status"], "status", "observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")
        : WorkloadRules.SameSelector(obj, old);
}
