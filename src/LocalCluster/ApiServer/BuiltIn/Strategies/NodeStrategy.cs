using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Nodes.</summary>
internal sealed class NodeStrategy : ResourceStrategy
{
    public override void PrepareForCreate(WriteContext context, JsonObject obj)
    {
        obj["spec"] ??= new JsonObject();
        obj["status"] ??= new JsonObject();
    }
}
