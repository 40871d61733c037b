using System.Text.Json.Nodes;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>
/// Gives pods their nodes, one at a time. A pod for which there is no node waits until something that might help has changed,
/// and at least its back-off.
/// </summary>
public sealed partial class Scheduler : IDisposable
{
    private const string OurName = "default-scheduler";
    private const string SelectedNode = "volume.kubernetes.io/selected-node";

    /// <summary>A node promised to a pod whose volumes do not come is given up after this.</summary>
    private static readonly TimeSpan VolumePatience = TimeSpan.FromSeconds(60);

    /// <summary>The net under changes that nobody told us of.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(5);

    private readonly ApiClient _api;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EventRecorder _events;
    private readonly Informer<Pod> _pods;
    private readonly Informer<Node> _nodes;
    private readonly Informer<PersistentVolumeClaim> _claims;
    private readonly Informer<PersistentVolume> _volumes;
    private readonly Informer<StorageClass> _classes;
    private readonly Informer<JsonObject> _namespaces;
    private readonly WorkQueue<NamespacedName> _queue;
    private readonly Lock _lock = new();
    private readonly HashSet<NamespacedName> _stuck = [];

    /// <summary>Nodes given to pods that the cache does not show there yet, by pod UID.</summary>
    private readonly Dictionary<string, Promise> _promises = new(StringComparer.Ordinal);

    public Scheduler(ApiClient api, ILoggerFactory loggers, TimeProvider time)
    {
        _api = api;
        _time = time;
        _logger = loggers.CreateLogger("scheduler");
        _events = new EventRecorder(api, OurName, _logger, time);
        _queue = new WorkQueue<NamespacedName>(new ExponentialPerKey<NamespacedName>(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)), time);
        _pods = new Informer<Pod>(api, NodeKinds.Pod, ObjectsJson.Default.Pod, _logger, time).OnChange(OnPod);
        _nodes = new Informer<Node>(api, NodeKinds.Node, ObjectsJson.Default.Node, _logger, time).OnChange(OnNode);
        _claims = new Informer<PersistentVolumeClaim>(api, NodeKinds.Claim, ObjectsJson.Default.PersistentVolumeClaim, _logger, time).OnChange(_ => Unstick());
        _volumes = new Informer<PersistentVolume>(api, NodeKinds.Volume, ObjectsJson.Default.PersistentVolume, _logger, time).OnChange(_ => Unstick());
        _classes = new Informer<StorageClass>(api, NodeKinds.StorageClass, ObjectsJson.Default.StorageClass, _logger, time).OnChange(_ => Unstick());
        _namespaces = new Informer<JsonObject>(api, NodeKinds.Namespace, MachineryJson.Default.JsonObject, _logger, time);
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await TaskGroup.RunAsync(
            cancellation, _events.RunAsync, _pods.RunAsync, _nodes.RunAsync, _claims.RunAsync, _volumes.RunAsync, _classes.RunAsync, _namespaces.RunAsync, LoopAsync);
    }

    public void Dispose() => _queue.Dispose();

    private async Task LoopAsync(CancellationToken cancellation)
    {
        await Task.WhenAll(
            _pods.WaitForSyncAsync(cancellation), _nodes.WaitForSyncAsync(cancellation), _claims.WaitForSyncAsync(cancellation),
            _volumes.WaitForSyncAsync(cancellation), _classes.WaitForSyncAsync(cancellation), _namespaces.WaitForSyncAsync(cancellation));
        while (true)
        {
            var (hasKey, key) = await _queue.GetAsync(cancellation);
            if (!hasKey)
            {
                return;
            }
            try
            {
                await ScheduleAsync(key, cancellation);
            }
            catch (Exception e) when (e is ApiException or FormatException)
            {
                LogFailed(_logger, key, e.Message);
                _queue.AddRateLimited(key);
            }
            finally
            {
                _queue.Done(key);
            }
        }
    }

    private async Task ScheduleAsync(NamespacedName key, CancellationToken cancellation)
    {
        if (_pods.Get(key) is not { } pod || !IsOurs(pod))
        {
            return;
        }
        // Noted before anything is read: a change that comes from here on finds the pod waiting.
        lock (_lock)
        {
            _stuck.Add(key);
        }
        var claims = ClaimsOf(pod);
        if (Promised(pod) is { } promise)
        {
            await BindWhenReadyAsync(pod, claims, promise, cancellation);
            return;
        }
        var verdict = SchedulingDecision.Decide(Gather(pod, claims));
        if (verdict.Node is null)
        {
            await ExplainAsync(pod, verdict.Message, cancellation);
            _queue.AddAfter(key, LookAgain);
            return;
        }
        var given = new Promise(verdict.Node, pod, _time.GetTimestamp());
        lock (_lock)
        {
            _promises[pod.Metadata.Uid] = given;
        }
        foreach (var claim in claims.Where(c => !c.IsBound && c.Claim!.Metadata.Annotations?.GetValueOrDefault(SelectedNode) != verdict.Node))
        {
            var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [SelectedNode] = verdict.Node } } };
            await _api.PatchAsync(NodeKinds.Claim, new(key.Namespace, claim.Name), PatchKind.Merge, patch, ct: cancellation);
        }
        await BindWhenReadyAsync(pod, claims, given, cancellation);
    }

    private async Task BindWhenReadyAsync(Pod pod, IReadOnlyList<ClaimState> claims, Promise promise, CancellationToken cancellation)
    {
        var key = new NamespacedName(pod.Metadata.Namespace!, pod.Metadata.Name);
        if (claims.Any(c => !c.IsBound))
        {
            if (_time.GetElapsedTime(promise.Since) < VolumePatience)
            {
                _queue.AddAfter(key, VolumePatience);
                return;
            }
            Forget(pod.Metadata.Uid);
            await ExplainAsync(pod, $"binding volumes: the volumes of the pod's claims were not made on {promise.Node} in time", cancellation);
            _queue.AddRateLimited(key);
            return;
        }
        var binding = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Binding",
            ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace, ["uid"] = pod.Metadata.Uid },
            ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = promise.Node },
        };
        try
        {
            await _api.CreateSubresourceAsync(NodeKinds.Pod, key, "binding", binding, cancellation);
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
            // Deleted, replaced or bound by somebody else meanwhile: the watch says which.
            Forget(pod.Metadata.Uid);
            return;
        }
        catch
        {
            Forget(pod.Metadata.Uid);
            throw;
        }
        lock (_lock)
        {
            _stuck.Remove(key);
        }
        _queue.Forget(key);
        _events.Normal(Regarding(pod), "Scheduled", $"Successfully assigned {key} to {promise.Node}");
    }

    private async Task ExplainAsync(Pod pod, string message, CancellationToken cancellation)
    {
        _events.Warning(Regarding(pod), "FailedScheduling", message);
        var known = pod.Status.Conditions?.Find(c => c.Type == "PodScheduled");
        if (known is { Status: "False" } && known.Message == message)
        {
            return;
        }
        var condition = new JsonObject
        {
            ["type"] = "PodScheduled",
            ["status"] = "False",
            ["reason"] = "Unschedulable",
            ["message"] = message,
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = Kubelet.PodStatusBuilder.Time(known?.Status == "False" ? known.LastTransitionTime ?? _time.GetUtcNow() : _time.GetUtcNow()),
        };
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["uid"] = pod.Metadata.Uid },
            ["status"] = new JsonObject { ["conditions"] = new JsonArray(condition) },
        };
        try
        {
            await _api.PatchAsync(
                NodeKinds.Pod, new(pod.Metadata.Namespace!, pod.Metadata.Name), PatchKind.StrategicMerge, patch, WriteOptions.Status, cancellation);
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
            // It is gone, or another by now.
        }
    }

    private SchedulingFacts Gather(Pod pod, IReadOnlyList<ClaimState> claims)
    {
        Dictionary<string, Promise> promises;
        lock (_lock)
        {
            promises = new(_promises, StringComparer.Ordinal);
        }
        var placed = _pods.List()
            .Where(p => !p.IsFinished && p.Metadata.Uid != pod.Metadata.Uid)
            .Select(p => (Node: p.Spec.NodeName is { Length: > 0 } bound ? bound : promises.GetValueOrDefault(p.Metadata.Uid)?.Node, Pod: p))
            .Where(p => p.Node is not null)
            .ToLookup(p => p.Node!, p => p.Pod, StringComparer.Ordinal);
        return new SchedulingFacts(pod, [.. _nodes.List().OrderBy(n => n.Metadata.Name, StringComparer.Ordinal).Select(n => new NodeState(n, [.. placed[n.Metadata.Name]]))])
        {
            Claims = claims,
            NamespaceLabels = _namespaces.List().ToDictionary(n => n.Name(), n => n.Labels(), StringComparer.Ordinal),
        };
    }

    private List<ClaimState> ClaimsOf(Pod pod) => [.. (pod.Spec.Volumes ?? []).Where(v => v.PersistentVolumeClaim is not null).Select(v =>
    {
        var name = v.PersistentVolumeClaim!.ClaimName;
        var claim = _claims.Get(new(pod.Metadata.Namespace!, name));
        var volume = claim?.Spec.VolumeName is { Length: > 0 } bound ? _volumes.Get(NamespacedName.Cluster(bound)) : null;
        var storage = claim?.Spec.StorageClassName is { Length: > 0 } given ? _classes.Get(NamespacedName.Cluster(given)) : null;
        return new ClaimState(name, claim, volume, storage?.VolumeBindingMode == "WaitForFirstConsumer");
    })];

    private void OnPod(Change<Pod> change)
    {
        if (change.New is { } pod)
        {
            if (pod.Spec.NodeName is { Length: > 0 })
            {
                Forget(pod.Metadata.Uid);
            }
            else if (IsOurs(pod) && (change.Old is null || change.Old.Metadata.Generation != pod.Metadata.Generation || change.Old.Spec.SchedulingGates?.Count > 0))
            {
                _queue.Add(change.Key);
            }
        }
        else
        {
            Forget(change.Old!.Metadata.Uid);
            lock (_lock)
            {
                _stuck.Remove(change.Key);
            }
        }
        // Room becomes free when a pod ends, and company comes when one is placed or changes its labels.
        var frees = change.New is null || change.New.IsFinished != change.Old?.IsFinished
            || change.New.Spec.NodeName != change.Old?.Spec.NodeName
            || !SameLabels(change.New.Metadata.Labels, change.Old?.Metadata.Labels);
        if (frees && change.Last.Spec.NodeName is { Length: > 0 })
        {
            Unstick();
        }
    }

    /// <summary>A heartbeat changes nothing for pods that wait.</summary>
    private void OnNode(Change<Node> change)
    {
        var (old, now) = (change.Old, change.New);
        var isSame = old is not null && now is not null
            && old.Spec.Unschedulable == now.Spec.Unschedulable
            && (old.Spec.Taints ?? []).SequenceEqual(now.Spec.Taints ?? [])
            && SameLabels(old.Metadata.Labels, now.Metadata.Labels)
            && SameLabels(old.Status.Allocatable, now.Status.Allocatable);
        if (!isSame)
        {
            Unstick();
        }
    }

    private void Unstick()
    {
        List<NamespacedName> keys;
        lock (_lock)
        {
            keys = [.. _stuck];
            _stuck.Clear();
        }
        foreach (var key in keys)
        {
            // One whose volumes are just being made must not wait; others may come often and in vain.
            if (_pods.Get(key) is { } pod && Promised(pod) is not null)
            {
                _queue.Add(key);
            }
            else
            {
                _queue.AddRateLimited(key);
            }
        }
    }

    private Promise? Promised(Pod pod)
    {
        lock (_lock)
        {
            return _promises.GetValueOrDefault(pod.Metadata.Uid);
        }
    }

    private void Forget(string uid)
    {
        lock (_lock)
        {
            _promises.Remove(uid);
        }
    }

    private static bool SameLabels(Dictionary<string, string>? one, Dictionary<string, string>? other) =>
        (one?.Count ?? 0) == (other?.Count ?? 0) && (one ?? []).All(l => other!.TryGetValue(l.Key, out var value) && value == l.Value);

    private static bool IsOurs(Pod pod) => string.IsNullOrEmpty(pod.Spec.NodeName)
        && pod.Metadata.DeletionTimestamp is null
        && !pod.IsFinished
        && pod.Spec.SchedulingGates is null or { Count: 0 }
        && pod.Spec.SchedulerName is null or "" or OurName;

    private static ObjectReference Regarding(Pod pod) =>
        new("v1", "Pod", new(pod.Metadata.Namespace!, pod.Metadata.Name), pod.Metadata.Uid, pod.Metadata.ResourceVersion ?? "");

    [LoggerMessage(320, LogLevel.Warning, "Pod {Pod} could not be scheduled: {Error}; trying again")]
    private static partial void LogFailed(ILogger logger, NamespacedName pod, string error);

    private sealed record Promise(string Node, Pod Pod, long Since);
}
