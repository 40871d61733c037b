using System.Text.Json.Nodes;
using Godwit.LocalCluster.Kubelet;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;
using Microsoft.Extensions.Logging;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>Looks after the pods of nodes that are lost: says that they are not ready, and takes them away once it is certain that they do not run.</summary>
/// <param name="api">The API server.</param>
/// <param name="events">Where pods are told.</param>
/// <param name="quarantine">How long a node must be missing before its pods count as orphans.</param>
/// <param name="logger">Where each pod that is taken away by force is told.</param>
/// <param name="time">The clock.</param>
internal sealed partial class PodCollector(ApiClient api, EventRecorder events, TimeSpan quarantine, ILogger logger, TimeProvider time)
{
    /// <summary>Since when pods have been seen on a node that does not exist.</summary>
    private readonly Dictionary<string, long> _missing = new(StringComparer.Ordinal);

    public async Task CollectAsync(IReadOnlyCollection<Node> nodes, IReadOnlyCollection<Pod> pods, CancellationToken cancellation)
    {
        var known = nodes.ToDictionary(n => n.Metadata.Name, StringComparer.Ordinal);
        var bound = pods.Where(p => !string.IsNullOrEmpty(p.Spec.NodeName)).ToList();
        Mark(bound.Select(p => p.Spec.NodeName!).Where(n => !known.ContainsKey(n)).ToHashSet(StringComparer.Ordinal));
        foreach (var pod in bound)
        {
            var node = known.GetValueOrDefault(pod.Spec.NodeName!);
            if (PodGarbage.Why(pod, node, IsLongMissing(pod.Spec.NodeName!)) is { } why)
            {
                await TakeAwayAsync(pod, why, cancellation);
            }
            else if (node is not null && PodGarbage.LosesReadiness(pod, node))
            {
                await NotReadyAsync(pod, cancellation);
            }
        }
    }

    private void Mark(HashSet<string> missing)
    {
        foreach (var back in _missing.Keys.Except(missing, StringComparer.Ordinal).ToList())
        {
            _missing.Remove(back);
        }
        foreach (var node in missing)
        {
            _missing.TryAdd(node, time.GetTimestamp());
        }
    }

    private bool IsLongMissing(string node) => _missing.TryGetValue(node, out var since) && time.GetElapsedTime(since) > quarantine;

    /// <summary>The phase goes first, so that who looks at the pod's last state does not take it for one that lives.</summary>
    private async Task TakeAwayAsync(Pod pod, string why, CancellationToken cancellation)
    {
        LogForced(logger, Key(pod), pod.Spec.NodeName!, why);
        try
        {
            if (!pod.IsFinished)
            {
                await PatchStatusAsync(pod, new JsonObject { ["phase"] = "Failed", ["reason"] = "DeletionByPodGC", ["message"] = why }, cancellation);
            }
            await api.TryDeleteAsync(NodeKinds.Pod, Key(pod), new DeleteOptions { Uid = pod.Metadata.Uid, GracePeriodSeconds = 0 }, cancellation);
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
            // Gone, or another pod of that name by now.
        }
    }

    private async Task NotReadyAsync(Pod pod, CancellationToken cancellation)
    {
        var condition = new JsonObject { ["type"] = "Ready", ["status"] = "False", ["lastTransitionTime"] = PodStatusBuilder.Time(time.GetUtcNow()) };
        try
        {
            await PatchStatusAsync(pod, new JsonObject { ["conditions"] = new JsonArray(condition) }, cancellation);
            events.Warning(new("v1", "Pod", Key(pod), pod.Metadata.Uid), "NodeNotReady", "Node is not ready");
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
            // Gone, or changed meanwhile; the next look decides anew.
        }
    }

    private Task<JsonObject> PatchStatusAsync(Pod pod, JsonObject status, CancellationToken cancellation) => api.PatchAsync(
        NodeKinds.Pod,
        Key(pod),
        PatchKind.StrategicMerge,
        new JsonObject { ["metadata"] = new JsonObject { ["uid"] = pod.Metadata.Uid }, ["status"] = status },
        WriteOptions.Status,
        cancellation);

    private static NamespacedName Key(Pod pod) => new(pod.Metadata.Namespace!, pod.Metadata.Name);

    [LoggerMessage(343, LogLevel.Information, "Pod {Pod} of node {Node} is taken away without its kubelet: {Reason}")]
    private static partial void LogForced(ILogger logger, NamespacedName pod, string node, string reason);
}
