using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.Machinery;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Saved states of workloads: only their number may change.</summary>
internal sealed class ControllerRevisionStrategy : ResourceStrategy
{
    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        foreach (var error in AmountRules.Counts(obj, "", "revision"))
        {
            yield return error with { Field = "revision" };
        }

        if (obj["data"] is null)
        {
            yield return FieldError.Required("data", "data is mandatory");
        }
    }

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        if (!JsonNode.DeepEquals(obj.At("data"), old.At("data")))
        {
            yield return FieldError.Invalid("data", obj.At("data")?.ToJsonString() ?? "null", "field is immutable");
        }
    }
}
