using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Namespaces: born with their finalizer, some of them immortal.</summary>
internal sealed class NamespaceStrategy : ResourceStrategy
{
    private const string NameLabel = "kubernetes.io/metadata.name";

    private static readonly string[] Immortal = ["default", "kube-system", "kube-public"];

    public override int MaxNameLength => 63;

    public override bool HasOwnDeletion => true;

    public override void PrepareForCreate(WriteContext context, JsonObject obj)
    {
        var spec = obj["spec"] as JsonObject;
        if (spec is null)
        {
            obj["spec"] = spec = [];
        }

        spec["finalizers"] = new JsonArray("kubernetes");
        obj["status"] = new JsonObject { ["phase"] = "Active" };
        SetNameLabel(obj);
    }

    public override void PrepareForUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        if (context.Subresource != "finalize")
        {
            obj["spec"] = old["spec"]?.DeepClone();
        }

        SetNameLabel(obj);
    }

    public override string? WhyKept(JsonObject obj) =>
        Immortal.Contains(ResourceOperations.Text(obj, "metadata", "name")) ? "this namespace may not be deleted" : null;

    private static void SetNameLabel(JsonObject obj)
    {
        var metadata = (JsonObject)obj["metadata"]!;
        if (metadata["labels"] is not JsonObject labels)
        {
            metadata["labels"] = labels = [];
        }

        labels[NameLabel] = ResourceOperations.Text(metadata, "name");
    }

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old) => [];
}
