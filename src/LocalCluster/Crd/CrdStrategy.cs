using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Crd;

/// <summary>
/// What writing a CustomResourceDefinition means. A new one is answered as it was written, without names; they are accepted
/// before the answer goes out, so that the definition is then established and its resource served. Later changes of names are
/// accepted in the write itself.
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
        obj["status"] = new JsonObject
        {
            ["conditions"] = null,
            ["acceptedNames"] = new JsonObject { ["plural"] = "", ["kind"] = "" },
            ["storedVersions"] = new JsonArray(),
        };
        Complete(obj);
    }

    public override async Task SettleAsync(ResourceOperations operations, string ns, string name, CancellationToken cancellationToken)
    {
        try
        {
            await AcceptAsync(operations, name, operations.Time.GetUtcNow(), cancellationToken);
        }
        catch (StatusException e) when (e.Code is 404 or 409)
        {
            // Gone, or changed by others: the controller looks at it next.
        }
    }

    /// <summary>Gives a definition the names that are free, and tells in its status.</summary>
    public static async Task AcceptAsync(ResourceOperations operations, string name, DateTimeOffset now, CancellationToken cancellationToken) =>
        await operations.ModifyAsync(operations.Target(CustomResources.Definitions, "", name, "status"), obj =>
        {
            CrdNames.Accept(obj, Others(operations.Store, name, obj.Text("spec", "group")), now);
            return obj;
        }, RequestOptions.System with { FieldManager = "kube-apiserver" }, cancellationToken);

    public override void PrepareForUpdate(WriteContext context, JsonObject obj, JsonObject old)
    {
        if (context.Subresource is null)
        {
            obj["status"] = old["status"]?.DeepClone();
            if (Complete(obj))
            {
                CrdNames.Accept(obj, Others(context.Store, context.Name, obj.Text("spec", "group")), context.Time.GetUtcNow());
            }
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
    private static bool Complete(JsonObject obj)
    {
        if (obj["spec"] is not JsonObject spec || spec["names"] is not JsonObject || spec["versions"] is not JsonArray versions)
        {
            return false;
        }

        var stored = CrdNames.Texts(obj["status"]!["storedVersions"]);
        stored.AddRange(versions.OfType<JsonObject>().Where(v => v.Flag("storage") == true).Select(v => v.Text("name")).OfType<string>().Except(stored, StringComparer.Ordinal).ToList());
        obj["status"]!["storedVersions"] = new JsonArray([.. stored.Select(s => (JsonNode?)s)]);
        return true;
    }

    private static IEnumerable<JsonObject> Others(Store.ObjectStore store, string name, string? group) =>
        store.Snapshot.List(CustomResources.Definitions)
            .Where(s => s.Key.Name != name && s.Key.Name.EndsWith("." + group, StringComparison.Ordinal))
            .Select(s => s.ToJsonObject())
            .Where(o => o.Text("spec", "group") == group);
}
