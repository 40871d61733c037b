using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Persistent volumes.</summary>
internal sealed class PersistentVolumeStrategy : ResourceStrategy
{
    public override bool ReturnsDeletedObject => true;

    public override void PrepareForCreate(WriteContext context, JsonObject obj) => obj["status"] = new JsonObject { ["phase"] = "Pending" };

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
