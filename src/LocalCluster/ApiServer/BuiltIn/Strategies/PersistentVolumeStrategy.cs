using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Writing;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Persistent volumes.</summary>
internal sealed class PersistentVolumeStrategy : ResourceStrategy
{
    public override bool ReturnsDeletedObject => true;

    /// <summary>Keeps a volume until no claim holds it; taken off by <see cref="Storage.LocalStorage"/>.</summary>
    public const string Protection = "kubernetes.io/pv-protection";

    public override void PrepareForCreate(WriteContext context, JsonObject obj)
    {
        MetadataRules.AddFinalizer(obj, Protection);
        obj["status"] = new JsonObject { ["phase"] = "Pending", ["lastPhaseTransitionTime"] = ResourceOperations.Timestamp(context.Time.GetUtcNow()) };
    }

    public override void PrepareForUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        if (context.Subresource == "status" && ResourceOperations.Text(obj, "status", "phase") != ResourceOperations.Text(old, "status", "phase") && obj["status"] is JsonObject status)
        {
            status["lastPhaseTransitionTime"] = ResourceOperations.Timestamp(context.Time.GetUtcNow());
        }
    }

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        if (obj["spec"]?["accessModes"] is not JsonArray { Count: > 0 })
        {
            yield return FieldError.Required("spec.accessModes");
        }

        if (obj["spec"]?["capacity"] is not JsonObject { Count: > 0 })
        {
            yield return FieldError.Required("spec.capacity");
        }
    }
}
