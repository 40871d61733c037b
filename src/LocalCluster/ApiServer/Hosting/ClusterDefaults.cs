using System.Net;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Store;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.ApiServer.Hosting;

/// <summary>What every cluster has without anybody asking: namespaces, their default account and CA, the API server's own service.</summary>
/// <param name="operations">The API.</param>
/// <param name="caPem">The cluster's authority.</param>
/// <param name="serviceAddress">The address of the API server's service.</param>
/// <param name="endpoint">Where pods reach the API server itself.</param>
/// <param name="logger">For what cannot be filled.</param>
internal sealed partial class ClusterDefaults(ResourceOperations operations, string caPem, string serviceAddress, IPEndPoint endpoint, ILogger logger)
{
    private const string RootCa = "kube-root-ca.crt";
    private const string ServerName = "kubernetes";
    private const string PortName = "https";

    private static readonly string[] Namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        foreach (var name in Namespaces)
        {
            await operations.EnsureAsync(operations.Target("namespaces", "", name), Object("v1", "Namespace", name), cancellationToken);
        }

        foreach (var ns in operations.Store.Snapshot.List("namespaces"))
        {
            await FillAsync(ns.Key.Name, cancellationToken);
        }

        var service = Object("v1", "Service", ServerName);
        service["metadata"]!["labels"] = new JsonObject { ["component"] = "apiserver", ["provider"] = ServerName };
        service["spec"] = new JsonObject
        {
            ["clusterIP"] = serviceAddress,
            ["ports"] = new JsonArray(new JsonObject { ["name"] = PortName, ["port"] = 443, ["protocol"] = "TCP", ["targetPort"] = endpoint.Port }),
        };
        await operations.EnsureAsync(operations.Target("services", "default", ServerName), service, cancellationToken);
        await AnnounceAsync(cancellationToken);
    }

    /// <summary>The server is no pod, so its endpoints are its own to write; the port may be another one than in an earlier life.</summary>
    private async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        var slice = Object("discovery.k8s.io/v1", "EndpointSlice", ServerName);
        slice["metadata"]!["labels"] = new JsonObject { ["kubernetes.io/service-name"] = ServerName };
        slice["addressType"] = "IPv4";
        slice["endpoints"] = new JsonArray(new JsonObject
        {
            ["addresses"] = new JsonArray(endpoint.Address.ToString()),
            ["conditions"] = new JsonObject { ["ready"] = true },
        });
        slice["ports"] = new JsonArray(new JsonObject { ["name"] = PortName, ["port"] = endpoint.Port, ["protocol"] = "TCP" });
        var target = operations.Target("endpointslices.discovery.k8s.io", "default", ServerName);
        await operations.EnsureAsync(target, slice, cancellationToken);
        await operations.ModifyAsync(
            target,
            found =>
            {
                found["endpoints"] = slice["endpoints"]!.DeepClone();
                found["ports"] = slice["ports"]!.DeepClone();
                return found;
            },
            RequestOptions.System,
            cancellationToken);
    }

    /// <summary>Fills new namespaces, and puts back what somebody deleted, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watches = ((string[])["namespaces", "serviceaccounts", "configmaps"]).Select(r => operations.Store.Watch(r, operations.Store.Revision)).ToList();
        while (true)
        {
            foreach (var change in watches.SelectMany(Read))
            {
                await HandleAsync(change, cancellationToken);
            }

            await await Task.WhenAny(watches.Select(w => w.WaitAsync(cancellationToken)));
        }
    }

    private IReadOnlyList<StoreEvent> Read(StoreWatch watch)
    {
        try
        {
            return watch.Read();
        }
        catch (StoreCompactedException)
        {
            // It fell behind a whole history; the next change is soon enough.
            return [];
        }
    }

    private async Task HandleAsync(StoreEvent change, CancellationToken cancellationToken)
    {
        var key = change.Object.Key;
        var (ns, wanted) = key.Resource switch
        {
            "namespaces" => (key.Name, change.Type == StoreEventType.Added),
            "serviceaccounts" => (key.Namespace, change.Type == StoreEventType.Deleted && key.Name == "default"),
            _ => (key.Namespace, change.Type != StoreEventType.Added && key.Name == RootCa),
        };
        if (wanted)
        {
            try
            {
                await FillAsync(ns, cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailed(e, ns);
            }
        }
    }

    /// <summary>The default service account and the CA bundle of a namespace.</summary>
    public async Task FillAsync(string ns, CancellationToken cancellationToken)
    {
        await operations.EnsureAsync(operations.Target("serviceaccounts", ns, "default"), Object("v1", "ServiceAccount", "default"), cancellationToken);
        var config = Object("v1", "ConfigMap", RootCa);
        config["metadata"]!["annotations"] = new JsonObject
        {
            ["kubernetes.io/description"] = "Contains the CA by which the API server's certificate can be verified.",
        };
        config["data"] = new JsonObject { ["ca.crt"] = caPem };
        await operations.EnsureAsync(operations.Target("configmaps", ns, RootCa), config, cancellationToken);
    }

    private static JsonObject Object(string apiVersion, string kind, string name) => new()
    {
        ["apiVersion"] = apiVersion,
        ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = name },
    };

    [LoggerMessage(20, LogLevel.Warning, "Namespace {Namespace} could not be given its defaults")]
    private partial void LogFailed(Exception e, string @namespace);
}
