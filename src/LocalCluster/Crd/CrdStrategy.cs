using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Crd;

/// <summary>
/// What writing a CustomResourceDefinition means. Names are accepted in the write itself, so that a definition is established,
/// and its resource served, when the answer goes out.
/// </summary>
public sealed class CrdStrategy(ResourceRegistry registry) : ResourceStrategy
{
    /// <summary>Holds a definition until its objects are gone.</summary>
    public const string CleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    public override bool CountsGeneration => true;

    public override bool HasOwnDeletion => true;

    public override (string Manager, IReadOnlyCollection<string> Fields)? StatusOwner => ("kube-apiserver", ["acceptedNames", "conditions"]);

    public override void PrepareForCreate(WriteContext context, JsonObject obj)
    {
        obj["status"] = new JsonObject { ["conditions"] = new JsonArray(), ["storedVersions"] = new JsonArray() };
        Complete(context, obj);
    }

    public override void PrepareForUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        if (context.Subresource is null)
        {
            obj["status"] = old["status"]?.DeepClone();
            Complete(context, obj);
        }
    }

    public override void PrepareForDelete(WriteContext context, JsonObject obj)
    {
        var metadata = (JsonObject)obj["metadata"]!;
        if (metadata["finalizers"] is not JsonArray finalizers)
        {
            metadata["finalizers"] = finalizers = [];
        }

        if (!finalizers.Any(f => f.Text() == CleanupFinalizer) && !CrdConditions.IsTrue(obj, CrdNames.Terminating))
        {
            finalizers.Add((JsonNode)CleanupFinalizer);
            CrdConditions.Set(obj.Ensure("status"), CrdNames.Terminating, "True", "InstanceDeletionPending", "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon", context.Time.GetUtcNow());
        }
    }

    public override IEnumerable<FieldError> Validate(WriteContext context, JsonObject obj) => CrdValidator.Validate(obj);

    public override IEnumerable<FieldError> ValidateUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        if (!CrdConditions.IsTrue(old, CrdNames.Established))
        {
            yield break;
        }

        foreach (var field in (string[])["group", "scope"])
        {
            if (obj.Text("spec", field) != old.Text("spec", field))
            {
                yield return FieldError.Invalid($"spec.{field}", $"\"{obj.Text("spec", field)}\"", "field is immutable");
            }
        }

        foreach (var field in (string[])["plural", "kind"])
        {
            if (obj.Text("spec", "names", field) != old.Text("spec", "names", field))
            {
                yield return FieldError.Invalid($"spec.names.{field}", $"\"{obj.Text("spec", "names", field)}\"", "field is immutable");
            }
        }
    }

    public override void Committed(WriteContext context, JsonObject? obj, JsonObject? old)
    {
        if (obj is not null)
        {
            CustomResources.Sync(registry, obj);
        }
        else if (old is not null && context.Store.Get(new Store.StoreKey(CustomResources.Definitions, "", old.Name())) is null)
        {
            CustomResources.Remove(registry, old);
        }
    }

    // Status follows from the spec, as far as the spec makes sense: what does not is refused after this.
    private static void Complete(WriteContext context, JsonObject obj)
    {
        if (obj["spec"] is not JsonObject spec || spec["names"] is not JsonObject || spec["versions"] is not JsonArray versions)
        {
            return;
        }

        var stored = CrdNames.Texts(obj["status"]!["storedVersions"]);
        stored.AddRange(versions.OfType<JsonObject>().Where(v => v.Flag("storage") == true).Select(v => v.Text("name")).OfType<string>().Except(stored, StringComparer.Ordinal).ToList());
        obj["status"]!["storedVersions"] = new JsonArray([.. stored.Select(s => (JsonNode?)s)]);
        var others = context.Store.Snapshot.List(CustomResources.Definitions)
            .Where(s => s.Key.Name != context.Name && s.Key.Name.EndsWith("." + spec.Text("group"), StringComparison.Ordinal))
            .Select(s => s.ToJsonObject())
            .Where(o => o.Text("spec", "group") == spec.Text("group"));
        CrdNames.Accept(obj, others, context.Time.GetUtcNow());
    }
}
