using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.GarbageCollection;

/// <summary>Deletes what lost its owners, and carries out foreground and orphaning deletions.</summary>
public sealed partial class GarbageCollector : IClusterService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    // Several changes of one client make one look.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(20);

    public string Name => "garbage-collector";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        var logger = context.Loggers.CreateLogger<GarbageCollector>();
        var operations = context.ApiServer.Operations;
        var graph = new ObjectGraph(operations.Store);
        while (true)
        {
            var state = operations.Store.Snapshot;
            graph.Update(state);
            var failed = false;
            foreach (var step in CollectionRules.Decide(graph, (group, kind) => operations.Registry.FindKind(group, kind) is not null))
            {
                failed |= !await ApplyAsync(operations, step, logger, cancellationToken);
            }

            if (failed)
            {
                await Task.Delay(RetryDelay, context.Time, cancellationToken);
            }
            else
            {
                await operations.Store.WaitForChangeAsync(state.Revision, cancellationToken);
                await Task.Delay(Gather, context.Time, cancellationToken);
            }
        }
    }

    private static async Task<bool> ApplyAsync(ResourceOperations operations, CollectionStep step, ILogger logger, CancellationToken cancellationToken)
    {
        var key = step.Node.Key;
        if (operations.Registry.All.FirstOrDefault(r => r.StoreName == key.Resource && r.StoredAs is null) is not { } resource)
        {
            // Its definition is gone: the definition's own clean-up deletes it.
            return true;
        }

        var target = new ResourceTarget(resource, resource.StorageVersion, key.Namespace, key.Name);
        try
        {
            switch (step)
            {
                case CollectionStep.Delete delete:
                    LogCollected(logger, key);
                    var options = new JsonObject { ["propagationPolicy"] = delete.Policy, ["preconditions"] = new JsonObject { ["uid"] = step.Node.Uid } };
                    await operations.DeleteAsync(target, options, RequestOptions.System, cancellationToken);
                    break;
                case CollectionStep.DropOwners drop:
                    await ModifyAsync(operations, target, step.Node, "ownerReferences", o => drop.Uids.Contains(o.Text("uid") ?? ""), cancellationToken);
                    break;
                case CollectionStep.RemoveFinalizer remove:
                    await ModifyAsync(operations, target, step.Node, "finalizers", f => f.Text() == remove.Finalizer, cancellationToken);
                    break;
            }

            return true;
        }
        catch (StatusException e) when (e.Code is 404 or 409)
        {
            // It changed since the look; the next one decides anew.
            return true;
        }
        catch (StatusException e)
        {
            LogFailed(logger, key, e.Message);
            return false;
        }
    }

    private static Task<JsonObject> ModifyAsync(ResourceOperations operations, ResourceTarget target, ObjectNode node, string list, Func<JsonNode?, bool> remove, CancellationToken cancellationToken) =>
        operations.ModifyAsync(target, obj =>
        {
            if (obj.Uid() != node.Uid || obj.At("metadata", list) is not JsonArray items)
            {
                return obj;
            }

            var kept = items.Where(i => !remove(i)).Select(i => i?.DeepClone()).ToArray();
            if (kept.Length == 0)
            {
                ((JsonObject)obj["metadata"]!).Remove(list);
            }
            else
            {
                obj["metadata"]![list] = new JsonArray(kept);
            }

            return obj;
        }, RequestOptions.System, cancellationToken);

    [LoggerMessage(40, LogLevel.Debug, "Collecting {Key}: its owners are gone")]
    private static partial void LogCollected(ILogger logger, StoreKey key);

    [LoggerMessage(41, LogLevel.Warning, "{Key} cannot be collected: {Reason}")]
    private static partial void LogFailed(ILogger logger, StoreKey key, string reason);
}
