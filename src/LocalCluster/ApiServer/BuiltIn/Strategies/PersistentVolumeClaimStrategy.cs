using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.ApiServer.Writing;

namespace Godwit.LocalCluster.ApiServer.BuiltIn.Strategies;

/// <summary>Claims: the default storage class is filled in, and what was claimed stays.</summary>
internal sealed class PersistentVolumeClaimStrategy : ResourceStrategy
{
    private const string DefaultClass = "storageclass.kubernetes.io/is-default-class";

    /// <summary>Keeps a claim until no pod uses it; taken off by <see cref="Storage.LocalStorage"/>.</summary>
    public const string Protection = "kubernetes.io/pvc-protection";

    public override bool ReturnsDeletedObject => true;

    public override void PrepareForCreate(WriteContext context, JsonObject obj)
    {
        MetadataRules.AddFinalizer(obj, Protection);
        obj["status"] = new JsonObject { ["phase"] = "Pending" };
        if (obj["spec"] is not JsonObject spec)
        {
            return;
        }

        if (spec["storageClassName"] is null)
        {
            var standard = context.Store.Snapshot.List("storageclasses.storage.k8s.io").Select(c => c.ToJsonObject())
                .FirstOrDefault(c => ResourceOperations.Text(c, "metadata", "annotations", DefaultClass) == "true");
            if (standard is not null)
            {
                spec["storageClassName"] = ResourceOperations.Text(standard, "metadata", "name");
            }
        }
    }

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj)
    {
        if (obj["spec"]?["accessModes"] is not JsonArray { Count: > 0 } modes)
        {
            yield return FieldError.Required("spec.accessModes", "at least 1 access mode is required");
        }
        else
        {
            foreach (var (mode, i) in modes.Select((m, i) => (m?.ToString() ?? "", i)))
            {
                if (mode is not ("ReadWriteOnce" or "ReadOnlyMany" or "ReadWriteMany" or "ReadWriteOncePod"))
                {
                    yield return FieldError.NotSupported("spec.accessModes", '"' + mode + '"', ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]);
                }
            }
        }

        if (obj["spec"]?["resources"]?["requests"]?["storage"] is not { } size)
        {
            yield return FieldError.Required("spec.resources[storage]");
        }
        else if (!Machinery.Quantity.TryParse(size.ToString(), out var quantity) || quantity.Sign <= 0)
        {
            yield return FieldError.Invalid("spec.resources[storage]", '"' + size.ToString() + '"', "must be greater than zero");
        }
    }

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        if (context.Subresource is not null)
        {
            yield break;
        }

        var now = (JsonObject)obj["spec"]!.DeepClone();
        var before = (JsonObject)old["spec"]!.DeepClone();
        foreach (var spec in (JsonObject[])[now, before])
        {
            spec.Remove("resources");
            spec.Remove("volumeAttributesClassName");
            if (ResourceOperations.Text(old, "spec", "volumeName").Length == 0)
            {
                // Binding is the one change that a claim's spec is made for.
                spec.Remove("volumeName");
            }
        }

        if (!JsonNode.DeepEquals(now, before))
        {
            yield return FieldError.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
        }
    }
}
