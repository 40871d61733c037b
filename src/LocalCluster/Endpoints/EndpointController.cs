using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Store;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Endpoints;

/// <summary>Keeps an endpoint slice for every service that selects pods.</summary>
public sealed partial class EndpointController : IClusterService
{
    private const string Slices = "endpointslices.discovery.k8s.io";

    private static readonly string[] Inputs = ["services", "pods", Slices];
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    public string Name => "endpoints";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        var logger = context.Loggers.CreateLogger<EndpointController>();
        var operations = context.ApiServer.Operations;
        while (true)
        {
            var state = operations.Store.Snapshot;
            try
            {
                await ReconcileAsync(operations, state, cancellationToken);
            }
            catch (StatusException e)
            {
                LogFailed(logger, e.Message);
                await Task.Delay(RetryDelay, context.Time, cancellationToken);
                continue;
            }

            await operations.Store.WaitForChangeAsync(Inputs, state.Revision, cancellationToken);
        }
    }

    private static async Task ReconcileAsync(ResourceOperations operations, StoreSnapshot state, CancellationToken cancellationToken)
    {
        var services = state.List("services").Select(s => s.ToJsonObject()).Where(EndpointRules.IsOurs).ToList();
        foreach (var inNamespace in services.GroupBy(s => s.Namespace(), StringComparer.Ordinal))
        {
            var pods = state.List("pods", inNamespace.Key).Select(p => p.ToJsonObject()).ToList();
            foreach (var service in inNamespace.Where(s => s.At("metadata", "deletionTimestamp") is null))
            {
                await WriteAsync(operations, EndpointRules.Slice(service, pods), state, cancellationToken);
            }
        }
    }

    private static async Task WriteAsync(ResourceOperations operations, JsonObject wanted, StoreSnapshot state, CancellationToken cancellationToken)
    {
        var target = operations.Target(Slices, wanted.Namespace(), wanted.Name());
        try
        {
            if (state.Get(new StoreKey(Slices, wanted.Namespace(), wanted.Name()))?.ToJsonObject() is not { } current)
            {
                await operations.CreateAsync(target, wanted, RequestOptions.System, cancellationToken);
            }
            else if (!JsonNode.DeepEquals(current["endpoints"], wanted["endpoints"]) || !JsonNode.DeepEquals(current["ports"], wanted["ports"]))
            {
                await operations.ModifyAsync(target, obj =>
                {
                    obj["endpoints"] = wanted["endpoints"]!.DeepClone();
                    obj["ports"] = wanted["ports"]!.DeepClone();
                    return obj;
                }, RequestOptions.System, cancellationToken);
            }
        }
        catch (StatusException e) when (e.Code is 404 or 409 or 403)
        {
            // The slice or the namespace went meanwhile; its event brings the next look.
        }
    }

    [LoggerMessage(60, LogLevel.Warning, "Endpoints could not be written: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
