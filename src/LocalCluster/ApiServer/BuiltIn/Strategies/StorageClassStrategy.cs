using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Storage classes: what volumes were made with stays.</summary>
internal sealed class StorageClassStrategy : ResourceStrategy
{
    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        if (ResourceOperations.Text(obj, "provisioner").Length == 0)
        {
            yield return FieldError.Required("provisioner");
        }
    }

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        foreach (var name in (string[])["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"])
        {
            if (!JsonNode.DeepEquals(obj[name], old[name]))
            {
                yield return FieldError.Forbidden(name, $"updates to {name} are forbidden.");
            }
        }
    }
}
