using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>ConfigMaps: proper keys, a bounded size, and immutability when asked for.</summary>
internal sealed class ConfigMapStrategy : ResourceStrategy
{
    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj) =>
        DataRules.Keys(obj["data"], "data").Concat(DataRules.Keys(obj["binaryData"], "binaryData")).Concat(DataRules.Size(obj["data"], obj["binaryData"]));

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old) =>
        DataRules.Immutable(obj, old, ["data", "binaryData"]);
}
