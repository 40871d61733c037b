using System.Text.Json.Nodes;
using Godwit.LocalCluster.Devices;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Keeps the node's object and its lease alive.</summary>
internal sealed partial class NodeRegistration(
    ApiClient api, KubeletOptions options, DeviceManager devices, NodeFacts machine, TimeProvider time, ILogger logger)
{
    private const string LeaseNamespace = "kube-node-lease";
    private const int LeaseSeconds = 40;

    private NamespacedName Key => NamespacedName.Cluster(options.NodeName);

    /// <summary>Creates the node or brings it up to date; returns once the API has it.</summary>
    public async Task RegisterAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(3));
        while (true)
        {
            try
            {
                await EnsureNodeAsync(cancellation);
                await RenewLeaseAsync(cancellation);
                return;
            }
            catch (ApiException e)
            {
                LogFailed(logger, options.NodeName, e.Message);
                await backoff.WaitAsync(time, cancellation);
            }
        }
    }

    /// <summary>Renews the lease, and less often the status, until cancelled; the status also whenever devices came or went.</summary>
    public Task RunAsync(CancellationToken cancellation) => TaskGroup.RunAsync(cancellation, KeepAliveAsync, FollowDevicesAsync);

    private async Task FollowDevicesAsync(CancellationToken cancellation)
    {
        IReadOnlyList<OfferedResource> told = [];
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(3));
        while (true)
        {
            var next = devices.Changed.Next;
            var offered = devices.Offered();
            try
            {
                if (!offered.SequenceEqual(told))
                {
                    await ReportDevicesAsync(offered, cancellation);
                    told = offered;
                    backoff.Reset();
                }
            }
            catch (ApiException e)
            {
                LogFailed(logger, options.NodeName, e.Message);
                await backoff.WaitAsync(time, cancellation);
                continue;
            }
            await next.WaitAsync(cancellation);
        }
    }

    private async Task ReportDevicesAsync(IReadOnlyList<OfferedResource> offered, CancellationToken cancellation)
    {
        var status = new JsonObject
        {
            ["capacity"] = new JsonObject(offered.Select(d => KeyValuePair.Create(d.Name, (JsonNode?)$"{d.Capacity}"))),
            ["allocatable"] = new JsonObject(offered.Select(d => KeyValuePair.Create(d.Name, (JsonNode?)$"{d.Allocatable}"))),
        };
        await api.PatchAsync(NodeKinds.Node, Key, PatchKind.Merge, new JsonObject { ["status"] = status }, WriteOptions.Status, cancellation);
    }

    private async Task KeepAliveAsync(CancellationToken cancellation)
    {
        var status = time.GetTimestamp();
        while (true)
        {
            await Task.Delay(options.LeaseRenewal, time, cancellation);
            try
            {
                await RenewLeaseAsync(cancellation);
                var node = await api.TryGetAsync(NodeKinds.Node, Key, ObjectsJson.Default.Node, cancellation);
                var isReady = node?.Status.Conditions?.Find(c => c.Type == "Ready")?.Status == "True";
                if (!isReady || time.GetElapsedTime(status) >= options.StatusRenewal)
                {
                    await EnsureNodeAsync(cancellation);
                    status = time.GetTimestamp();
                }
            }
            catch (ApiException e)
            {
                LogFailed(logger, options.NodeName, e.Message);
            }
        }
    }

    private async Task EnsureNodeAsync(CancellationToken cancellation)
    {
        var known = await api.TryGetAsync(NodeKinds.Node, Key, ObjectsJson.Default.Node, cancellation);
        if (known is null)
        {
            var node = new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Node",
                ["metadata"] = new JsonObject { ["name"] = options.NodeName, ["labels"] = NodeObject.Labels(options) },
                ["spec"] = new JsonObject { ["podCIDR"] = options.Place.Pods.ToString(), ["podCIDRs"] = new JsonArray(options.Place.Pods.ToString()) },
            };
            await api.CreateAsync(NodeKinds.Node, node, ct: cancellation);
        }
        else
        {
            var labels = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = NodeObject.Labels(options) } };
            await api.PatchAsync(NodeKinds.Node, Key, PatchKind.Merge, labels, ct: cancellation);
        }
        var status = new JsonObject { ["status"] = NodeObject.Status(options, devices.Offered(), machine, known, time.GetUtcNow()) };
        await api.PatchAsync(NodeKinds.Node, Key, PatchKind.StrategicMerge, status, WriteOptions.Status, cancellation);
    }

    private async Task RenewLeaseAsync(CancellationToken cancellation)
    {
        var renewed = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'");
        var spec = new JsonObject { ["holderIdentity"] = options.NodeName, ["leaseDurationSeconds"] = LeaseSeconds, ["renewTime"] = renewed };
        try
        {
            await api.PatchAsync(
                NodeKinds.Lease, new(LeaseNamespace, options.NodeName), PatchKind.Merge, new JsonObject { ["spec"] = spec }, ct: cancellation);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            var lease = new JsonObject
            {
                ["apiVersion"] = "coordination.k8s.io/v1",
                ["kind"] = "Lease",
                ["metadata"] = new JsonObject { ["name"] = options.NodeName, ["namespace"] = LeaseNamespace },
                ["spec"] = spec.DeepClone(),
            };
            await api.CreateAsync(NodeKinds.Lease, lease, ct: cancellation);
        }
    }

    [LoggerMessage(310, LogLevel.Warning, "Node {Node} could not be reported: {Error}; trying again")]
    private static partial void LogFailed(ILogger logger, string node, string error);
}
