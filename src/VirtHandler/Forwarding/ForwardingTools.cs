using System.Collections.Concurrent;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Migration;
using Godwit.VirtHandler.Network;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>The tunnels of all launcher pods of a node, and what is needed to make some.</summary>
public sealed class ForwardingTools(IHostTools host, IPodNetwork network, ILoggerFactory loggers, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<string, PodTunnels> _pods = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();

    internal IPodNetwork Network => network;

    internal TimeProvider Time => time;

    internal ILogger Logger { get; } = loggers.CreateLogger(typeof(ForwardingTools).FullName!);

    /// <summary>Told when a pod's tunnels may want looking after.</summary>
    internal Action<string>? Listener { get; set; }

    public void Dispose()
    {
        _stop.Cancel();
        foreach (var pod in _pods.Values)
        {
            pod.Dispose();
        }
    }

    /// <summary>The pod's tunnels; the same object for all that work on the pod.</summary>
    /// <exception cref="Kernel.KernelException">The pod's network cannot be entered.</exception>
    internal PodTunnels Of(string podUid, string folder, int launcherPid)
    {
        lock (_lock)
        {
            if (!_pods.TryGetValue(podUid, out var tunnels))
            {
                _pods[podUid] = tunnels = new PodTunnels(podUid, folder, launcherPid, host);
            }

            return tunnels;
        }
    }

    /// <summary>Keeps a target's part for those who come late, beside everything else; it ends with this agent at the latest.</summary>
    internal void Linger(TargetForwarding target) => _ = Task.Run(() => target.LingerAsync(_stop.Token), CancellationToken.None);

    /// <summary>Says that something about the pod's tunnels has changed.</summary>
    internal void Tell(string podUid) => Listener?.Invoke(podUid);

    /// <summary>Lets go of a pod that is gone; its network went with it.</summary>
    internal void Forget(string podUid)
    {
        lock (_lock)
        {
            if (_pods.TryRemove(podUid, out var tunnels))
            {
                tunnels.Dispose();
            }
        }
    }

    /// <summary>The source's part in one migration; null where the pod has no network of its own.</summary>
    internal SourceForwarding? ForSource(LocalPod pod, string migrationUid, RecordKeeper record) =>
        pod.LauncherPid is { } pid ? new SourceForwarding(this, pod, pid, migrationUid, record) : null;

    /// <summary>The target's part in one migration; null where the pod has no network of its own.</summary>
    internal TargetForwarding? ForTarget(LocalPod pod, string migrationUid, RecordKeeper record) =>
        pod.LauncherPid is { } pid ? new TargetForwarding(this, pod, pid, migrationUid, record) : null;
}
