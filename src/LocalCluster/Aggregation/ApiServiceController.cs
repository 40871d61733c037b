using System.Text.Json.Nodes;
using Godwit.LocalCluster.ApiServer;
using Godwit.LocalCluster.ApiServer.Errors;
using Godwit.LocalCluster.Crd;
using Godwit.LocalCluster.Services;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Aggregation;

/// <summary>Finds out which aggregated servers answer, and says so in the Available condition of their APIService.</summary>
public sealed class ApiServiceController : IClusterService
{
    private static readonly string[] Inputs = [AggregatedApi.Resource, "services", "endpointslices.discovery.k8s.io"];
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public string Name => "api-services";

    public async Task RunAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        var operations = context.ApiServer.Operations;
        await PublishAuthenticationAsync(context, cancellationToken);
        while (true)
        {
            var revision = operations.Store.Revision;
            var unavailable = false;
            var services = operations.Store.Snapshot.List(AggregatedApi.Resource).Select(s => s.ToJsonObject()).ToList();
            foreach (var service in services)
            {
                var (status, reason, message) = await JudgeAsync(context, service, cancellationToken);
                unavailable |= status != "True";
                await WriteAsync(operations, service.Name(), status, reason, message, context.Time, cancellationToken);
            }

            // A change is looked at once; a server that is up or down without a change of objects is asked again after a while.
            using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var changed = operations.Store.WaitForChangeAsync(Inputs, Math.Max(revision, operations.Store.Revision), timer.Token);
            if (services.Count == 0)
            {
                await changed;
            }
            else
            {
                await Task.WhenAny(changed, Task.Delay(unavailable ? RetryInterval : Interval, context.Time, timer.Token));
                await timer.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private static async Task<(string Status, string Reason, string Message)> JudgeAsync(ClusterContext context, JsonObject service, CancellationToken cancellationToken)
    {
        if (AggregatedApi.Read(service) is not { } api)
        {
            return ("True", "Local", "Local APIServices are always available");
        }

        using var deadline = new CancellationTokenSource(Patience, context.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await context.ApiServer.Aggregator.ProbeAsync(api, linked.Token);
            return ("True", "Passed", "all checks passed");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (Cause(e) is { } unresolved)
        {
            return unresolved.Contains("not found", StringComparison.Ordinal)
                ? ("False", "ServiceNotFound", $"service/{api.Service} in \"{api.Namespace}\" is not present")
                : ("False", "MissingEndpoints", $"endpoints for service/{api.Service} in \"{api.Namespace}\" have no addresses: {unresolved}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or System.Text.Json.JsonException)
        {
            return ("False", "FailedDiscoveryCheck", $"failing or missing response from {api.Address}apis/{api.Group}/{api.Version}: {e.InnerException?.Message ?? e.Message}");
        }
    }

    private static string? Cause(Exception e) => e is ServiceUnresolvedException ? e.Message : e.InnerException is { } inner ? Cause(inner) : null;

    private static async Task WriteAsync(ResourceOperations operations, string name, string status, string reason, string message, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await operations.ModifyAsync(operations.Target(AggregatedApi.Resource, "", name, "status"), obj =>
            {
                CrdConditions.Set(obj.Ensure("status"), "Available", status, reason, message, time.GetUtcNow());
                return obj;
            }, RequestOptions.System, cancellationToken);
        }
        catch (StatusException e) when (e.Code is 404 or 409)
        {
            // Deleted or changed meanwhile.
        }
    }

    // Where aggregated servers learn whose word on callers they may take.
    private static async Task PublishAuthenticationAsync(ClusterContext context, CancellationToken cancellationToken)
    {
        const string name = "extension-apiserver-authentication";
        var operations = context.ApiServer.Operations;
        var ca = context.ApiServer.Pki.CaPem;
        var target = operations.Target("configmaps", "kube-system", name);
        var data = new JsonObject
        {
            ["client-ca-file"] = ca,
            ["requestheader-allowed-names"] = "[\"front-proxy-client\"]",
            ["requestheader-client-ca-file"] = ca,
            ["requestheader-extra-headers-prefix"] = List([FrontProxyHeaders.ExtraPrefix]),
            ["requestheader-group-headers"] = List(FrontProxyHeaders.Groups),
            ["requestheader-username-headers"] = List([FrontProxyHeaders.User]),
        };
        await operations.EnsureAsync(target, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["data"] = data.DeepClone(),
        }, cancellationToken);
        if (operations.Find("configmaps", "kube-system", name) is { } present && !JsonNode.DeepEquals(present["data"], data))
        {
            await operations.ModifyAsync(target, map =>
            {
                map["data"] = data.DeepClone();
                return map;
            }, RequestOptions.System, cancellationToken);
        }
    }

    private static string List(IEnumerable<string> names) => new JsonArray([.. names.Select(static JsonNode (n) => JsonValue.Create(n))]).ToJsonString();
}
