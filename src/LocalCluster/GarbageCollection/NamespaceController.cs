using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.GarbageCollection;

/// <summary>Empties namespaces that have been on their way out for a while, says what still holds them, and lets them go.</summary>
public sealed partial class NamespaceController : IClusterService
{
    private const string Finalizer = "kubernetes";

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    public string Name => "namespaces";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        var logger = context.Loggers.CreateLogger<NamespaceController>();
        var operations = context.ApiServer.Operations;
        while (true)
        {
            var state = operations.Store.Snapshot;
            var terminating = state.List("namespaces").Select(n => n.ToJsonObject())
                .Where(n => n.At("metadata", "deletionTimestamp") is not null && n.At("spec", "finalizers") is JsonArray { Count: > 0 })
                .ToList();
            var failed = false;
            TimeSpan? next = null;
            foreach (var ns in terminating)
            {
                if (Left(ns, context) is var left && left > TimeSpan.Zero)
                {
                    next = next < left ? next : left;
                    continue;
                }

                try
                {
                    await EmptyAsync(operations, ns, context.Time, cancellationToken);
                }
                catch (StatusException e)
                {
                    LogFailed(logger, ns.Name(), e.Message);
                    failed = true;
                }
            }

            if (failed)
            {
                await Task.Delay(RetryDelay, context.Time, cancellationToken);
            }
            else if (terminating.Count > 0)
            {
                await ChangeAsync(operations, state.Revision, next, context.Time, cancellationToken);
            }
            else
            {
                await operations.Store.WaitForChangeAsync(["namespaces"], state.Revision, cancellationToken);
            }
        }
    }

    private static TimeSpan Left(JsonObject ns, ClusterContext context) =>
        DateTimeOffset.Parse(ns.Text("metadata", "deletionTimestamp")!, CultureInfo.InvariantCulture) + context.Options.NamespaceGrace - context.Time.GetUtcNow();

    private static async Task ChangeAsync(ResourceOperations operations, long revision, TimeSpan? atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        using var due = new CancellationTokenSource(atMost ?? Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, cancellationToken);
        try
        {
            await operations.Store.WaitForChangeAsync(revision, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The next namespace is due.
        }
    }

    private static async Task EmptyAsync(ResourceOperations operations, JsonObject ns, TimeProvider time, CancellationToken cancellationToken)
    {
        var name = ns.Name();
        var resources = operations.Registry.All.Where(r => r.Namespaced && r.StoredAs is null && r.Verbs.Contains("delete")).ToList();
        foreach (var resource in resources)
        {
            foreach (var stored in operations.Store.Snapshot.List(resource.StoreName, name).ToList())
            {
                if (stored.ToJsonObject().At("metadata", "deletionTimestamp") is null)
                {
                    await DeleteAsync(operations, resource, stored.Key, cancellationToken);
                }
            }
        }

        var remains = new NamespaceRemains([.. resources.SelectMany(r => operations.Store.Snapshot.List(r.StoreName, name))]);
        if (remains.Objects.Count == 0)
        {
            await operations.ModifyAsync(operations.Target("namespaces", "", name, "finalize"), static obj =>
            {
                if (obj.At("spec", "finalizers") is JsonArray finalizers)
                {
                    obj["spec"]!["finalizers"] = new JsonArray([.. finalizers.Where(f => f.Text() != Finalizer).Select(f => f?.DeepClone())]);
                }

                return obj;
            }, RequestOptions.System, cancellationToken);
            return;
        }

        await operations.ModifyAsync(operations.Target("namespaces", "", name, "status"), obj =>
        {
            remains.Describe(obj.Ensure("status"), r => resources.First(i => i.StoreName == r) is var i ? $"{i.Plural}.{i.Group}" : r, time.GetUtcNow());
            return obj;
        }, RequestOptions.System, cancellationToken);
    }

    private static async Task DeleteAsync(ResourceOperations operations, ResourceInfo resource, StoreKey key, CancellationToken cancellationToken)
    {
        try
        {
            await operations.DeleteAsync(
                new ResourceTarget(resource, resource.StorageVersion, key.Namespace, key.Name),
                new JsonObject { ["propagationPolicy"] = "Background" },
                RequestOptions.System,
                cancellationToken);
        }
        catch (StatusException e) when (e.Code == 404)
        {
            // Gone already.
        }
    }

    [LoggerMessage(50, LogLevel.Warning, "Namespace {Name} cannot be emptied: {Reason}")]
    private static partial void LogFailed(ILogger logger, string name, string reason);
}
