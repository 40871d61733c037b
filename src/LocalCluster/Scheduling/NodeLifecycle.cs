using System.Text.Json.Nodes;
using System.Threading.Channels;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>
/// Watches the nodes' leases: one that stays silent becomes not ready and tainted; pods that do not tolerate a NoExecute taint are
/// driven out, and those of a node that is known to be gone are taken away.
/// </summary>
public sealed partial class NodeLifecycle
{
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromSeconds(5);

    private readonly ApiClient _api;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EventRecorder _events;
    private readonly PodCollector _collector;

    /// <summary>A lease that was not renewed for so long means that nobody is there.</summary>
    private readonly TimeSpan _silence;
    private readonly TimeSpan _period;
    private readonly Informer<Node> _nodes;
    private readonly Informer<Lease> _leases;
    private readonly Informer<Pod> _pods;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>What each node's lease said last, and when that was heard: by our own clock, so that a pause of ours blames nobody.</summary>
    private readonly Dictionary<string, (DateTimeOffset? Renewed, long Heard)> _heard = new(StringComparer.Ordinal);

    /// <param name="api">The API server.</param>
    /// <param name="monitorGracePeriod">How long a lease may go without renewal.</param>
    /// <param name="loggers">Makes the log.</param>
    /// <param name="time">The clock.</param>
    public NodeLifecycle(ApiClient api, TimeSpan monitorGracePeriod, ILoggerFactory loggers, TimeProvider time)
    {
        _silence = monitorGracePeriod;
        _period = monitorGracePeriod / 8 < LongestPeriod ? monitorGracePeriod / 8 : LongestPeriod;
        _api = api;
        _time = time;
        _logger = loggers.CreateLogger("node-lifecycle");
        _events = new EventRecorder(api, "node-controller", _logger, time);
        _collector = new PodCollector(api, _events, monitorGracePeriod, _logger, time);
        _nodes = new Informer<Node>(api, NodeKinds.Node, ObjectsJson.Default.Node, _logger, time).OnChange(_ => _wake.Writer.TryWrite(true));
        _leases = new Informer<Lease>(api, NodeKinds.Lease, ObjectsJson.Default.Lease, _logger, time, new InformerOptions { Namespace = "kube-node-lease" });
        _pods = new Informer<Pod>(api, NodeKinds.Pod, ObjectsJson.Default.Pod, _logger, time);
    }

    /// <summary>Runs until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellation) =>
        TaskGroup.RunAsync(cancellation, _events.RunAsync, _nodes.RunAsync, _leases.RunAsync, _pods.RunAsync, LoopAsync);

    private async Task LoopAsync(CancellationToken cancellation)
    {
        await Task.WhenAll(_nodes.WaitForSyncAsync(cancellation), _leases.WaitForSyncAsync(cancellation), _pods.WaitForSyncAsync(cancellation));
        while (true)
        {
            foreach (var node in _nodes.List())
            {
                try
                {
                    await HeedAsync(node, cancellation);
                }
                catch (ApiException e) when (e.IsConflict || e.IsNotFound)
                {
                    // The node has changed meanwhile; its change wakes us.
                }
                catch (ApiException e)
                {
                    LogFailed(_logger, node.Metadata.Name, e.Message);
                }
            }
            await CollectAsync(cancellation);
            using var pause = new CancellationTokenSource(_period, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(pause.Token, cancellation);
            try
            {
                await _wake.Reader.ReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // It is time to look at the leases.
            }
        }
    }

    private async Task CollectAsync(CancellationToken cancellation)
    {
        try
        {
            await _collector.CollectAsync(_nodes.List(), _pods.List(), cancellation);
        }
        catch (ApiException e)
        {
            LogNotCollected(_logger, e.Message);
        }
    }

    private async Task HeedAsync(Node node, CancellationToken cancellation)
    {
        var now = _time.GetUtcNow();
        var name = NamespacedName.Cluster(node.Metadata.Name);
        if (IsSilent(node.Metadata.Name) && node.Status.Conditions?.Find(c => c.Type == "Ready")?.Status != "Unknown")
        {
            await MarkUnknownAsync(node, now, cancellation);
            return;
        }
        var wanted = TaintDecision.Taints(node, now);
        if (!wanted.Select(t => (t.Key, t.Effect)).SequenceEqual((node.Spec.Taints ?? []).Select(t => (t.Key, t.Effect))))
        {
            var patch = new JsonObject
            {
                ["metadata"] = new JsonObject { ["resourceVersion"] = node.Metadata.ResourceVersion },
                ["spec"] = new JsonObject { ["taints"] = wanted.Count == 0 ? null : new JsonArray([.. wanted.Select(Json)]) },
            };
            await _api.PatchAsync(NodeKinds.Node, name, PatchKind.Merge, patch, ct: cancellation);
            return;
        }
        foreach (var pod in _pods.List().Where(p => p.Spec.NodeName == node.Metadata.Name && p.Metadata.DeletionTimestamp is null && !p.IsFinished))
        {
            if (TaintDecision.LeavesAt(pod, node, now) is { } at && at <= now)
            {
                var key = new NamespacedName(pod.Metadata.Namespace!, pod.Metadata.Name);
                _events.Normal(new("v1", "Pod", key, pod.Metadata.Uid), "TaintManagerEviction", $"Marking for deletion Pod {key}");
                await _api.TryDeleteAsync(NodeKinds.Pod, key, new DeleteOptions { Uid = pod.Metadata.Uid }, cancellation);
            }
        }
    }

    private bool IsSilent(string node)
    {
        var renewed = _leases.Get(new("kube-node-lease", node))?.Spec.RenewTime;
        if (!_heard.TryGetValue(node, out var known) || known.Renewed != renewed)
        {
            _heard[node] = (renewed, _time.GetTimestamp());
            return false;
        }
        return _time.GetElapsedTime(known.Heard) > _silence;
    }

    private async Task MarkUnknownAsync(Node node, DateTimeOffset now, CancellationToken cancellation)
    {
        var conditions = new JsonArray([.. (node.Status.Conditions ?? []).Where(c => c.Status != "Unknown").Select(c => new JsonObject
        {
            ["type"] = c.Type,
            ["status"] = "Unknown",
            ["reason"] = "NodeStatusUnknown",
            ["message"] = "Kubelet stopped posting node status.",
            ["lastHeartbeatTime"] = c.LastHeartbeatTime is { } beat ? Kubelet.PodStatusBuilder.Time(beat) : null,
            ["lastTransitionTime"] = Kubelet.PodStatusBuilder.Time(now),
        })]);
        await _api.PatchAsync(
            NodeKinds.Node, NamespacedName.Cluster(node.Metadata.Name), PatchKind.StrategicMerge,
            new JsonObject { ["status"] = new JsonObject { ["conditions"] = conditions } }, WriteOptions.Status, cancellation);
        _events.Normal(new("v1", "Node", NamespacedName.Cluster(node.Metadata.Name), node.Metadata.Uid), "NodeNotReady", $"Node {node.Metadata.Name} status is now: NodeNotReady");
    }

    private static JsonNode Json(Taint taint)
    {
        var json = new JsonObject { ["key"] = taint.Key, ["effect"] = taint.Effect };
        if (taint.Value is not null)
        {
            json["value"] = taint.Value;
        }
        if (taint.TimeAdded is { } added)
        {
            json["timeAdded"] = Kubelet.PodStatusBuilder.Time(added);
        }
        return json;
    }

    [LoggerMessage(342, LogLevel.Warning, "Pods of lost nodes could not be looked after: {Error}; trying again")]
    private static partial void LogNotCollected(ILogger logger, string error);

    [LoggerMessage(340, LogLevel.Warning, "Node {Node} could not be looked after: {Error}; trying again")]
    private static partial void LogFailed(ILogger logger, string node, string error);
}
