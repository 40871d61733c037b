using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Priority classes.</summary>
internal sealed class PriorityClassStrategy : ResourceStrategy
{
    public override bool CountsGeneration => true;

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        if (!JsonNode.DeepEquals(obj["value"], old["value"]))
        {
            yield return FieldError.Forbidden("value", "may not be changed in an update.");
        }
    }
}
