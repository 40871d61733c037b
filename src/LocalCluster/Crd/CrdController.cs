using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Crd;

/// <summary>Deletes the objects of a definition that is being deleted, then lets it go; gives freed names to who waits for them.</summary>
public sealed class CrdController : IClusterService
{
    public string Name => "custom-resource-definitions";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        var operations = context.ApiServer.Operations;
        while (true)
        {
            var state = operations.Store.Snapshot;
            var busy = false;
            foreach (var definition in state.List(CustomResources.Definitions).Select(d => d.ToJsonObject()).ToList())
            {
                try
                {
                    busy |= await ReconcileAsync(operations, definition, context.Time, cancellationToken);
                }
                catch (StatusException e) when (e.Code is 404 or 409)
                {
                    // Somebody else was there: what they left is looked at next.
                    busy = true;
                }
            }

            // Objects of a dying definition may wait for finalizers of others, which no change of the definition announces.
            await (busy
                ? operations.Store.WaitForChangeAsync(state.Revision, cancellationToken)
                : operations.Store.WaitForChangeAsync([CustomResources.Definitions], state.Revision, cancellationToken));
        }
    }

    // True: there is more to do soon.
    private static async Task<bool> ReconcileAsync(ResourceOperations operations, JsonObject definition, TimeProvider time, CancellationToken cancellationToken)
    {
        if (definition.At("metadata", "deletionTimestamp") is null)
        {
            if (!CrdConditions.IsTrue(definition, CrdNames.NamesAccepted))
            {
                await CrdStrategy.AcceptAsync(operations, definition.Name(), time.GetUtcNow(), cancellationToken);
            }

            return false;
        }

        if (!CrdNames.Texts(definition.At("metadata", "finalizers")).Contains(CrdStrategy.CleanupFinalizer))
        {
            return false;
        }

        var resource = definition.Name();
        var left = operations.Store.Snapshot.List(resource).ToList();
        foreach (var item in left)
        {
            if (item.ToJsonObject().At("metadata", "deletionTimestamp") is null && operations.Registry.Find(resource) is not null)
            {
                await DeleteAsync(operations, resource, item.Key, cancellationToken);
            }
        }

        if (operations.Store.Snapshot.Count(resource) > 0)
        {
            return true;
        }

        await operations.ModifyAsync(operations.Target(CustomResources.Definitions, "", resource), static obj =>
        {
            var finalizers = CrdNames.Texts(obj["metadata"]!["finalizers"]);
            finalizers.Remove(CrdStrategy.CleanupFinalizer);
            obj["metadata"]!["finalizers"] = new JsonArray([.. finalizers.Select(f => (JsonNode?)f)]);
            return obj;
        }, RequestOptions.System, cancellationToken);
        return false;
    }

    private static async Task DeleteAsync(ResourceOperations operations, string resource, StoreKey key, CancellationToken cancellationToken)
    {
        try
        {
            await operations.DeleteAsync(operations.Target(resource, key.Namespace, key.Name), null, RequestOptions.System, cancellationToken);
        }
        catch (StatusException e) when (e.Code == 404)
        {
            // Gone already.
        }
    }
}
