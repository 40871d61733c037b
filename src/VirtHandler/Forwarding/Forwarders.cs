using System.Collections.Concurrent;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Migration;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>
/// Looks after every pod of this node that has tunnels, be it as the one that the guest has left or as the one that it came to, for as long
/// as it has any; also after a restart of this agent, from what lies in the pods' folders.
/// </summary>
public sealed class Forwarders(
    ForwardingTools tools,
    Informer<VirtualMachineInstance> vmis,
    Informer<Pod> pods,
    Informer<Types.Node> nodes,
    Func<ClusterConfiguration> cluster,
    Func<NamespacedName, IMigrationRecord> records,
    IPodLocator locator,
    VirtHandlerOptions options)
{
    private readonly ConcurrentDictionary<string, PodKeeper> _keepers = new(StringComparer.Ordinal);

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await pods.WaitForSyncAsync(cancellationToken);
        await vmis.WaitForSyncAsync(cancellationToken);
        await nodes.WaitForSyncAsync(cancellationToken);
        tools.Listener = Look;
        foreach (var pod in pods.List())
        {
            Look(pod.Metadata.Uid!);
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, tools.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        tools.Listener = null;
        await Task.WhenAll(_keepers.Values.Select(keeper => keeper.StopAsync()));
        cancellationToken.ThrowIfCancellationRequested();

        void Look(string podUid) => Consider(podUid, cancellationToken);
    }

    /// <summary>Tells that a VMI has changed.</summary>
    public void Notice(VirtualMachineInstance vmi)
    {
        foreach (var keeper in _keepers.Values.Where(keeper => keeper.IsAbout(vmi)))
        {
            keeper.Wake();
        }
    }

    /// <summary>Tells that a pod of this node has changed or is gone.</summary>
    public void Notice(string podUid, bool gone)
    {
        if (_keepers.TryGetValue(podUid, out var keeper))
        {
            keeper.Wake();
        }

        if (gone)
        {
            tools.Forget(podUid);
        }
    }

    /// <summary>Tells that this node has changed.</summary>
    public void NoticeNode()
    {
        foreach (var keeper in _keepers.Values)
        {
            keeper.Wake();
        }
    }

    internal Pod? PodOf(string podUid) => pods.ByIndex(Boot.VmiReconciler.PodsByUid, podUid) is [var pod, ..] ? pod : null;

    internal VirtualMachineInstance? VmiOf(NamespacedName key) => vmis.Get(key);

    internal IMigrationRecord RecordOf(NamespacedName key) => records(key);

    /// <summary>Whether this node is being emptied: cordoned, as <c>kubectl drain</c> does first, or tainted for it.</summary>
    internal bool IsDrained()
    {
        var node = nodes.Get(NamespacedName.Cluster(options.Node));
        var taint = cluster().Migrations.NodeDrainTaintKey ?? Taints.Drain;
        return node?.Spec is { } spec && (spec.Unschedulable == true || spec.Taints?.Any(t => t.Key == taint) == true);
    }

    internal Task<int?> LauncherOfAsync(string podUid, CancellationToken cancellationToken) => locator.FindLauncherAsync(podUid, cancellationToken);

    private void Consider(string podUid, CancellationToken cancellationToken)
    {
        if (_keepers.TryGetValue(podUid, out var known))
        {
            known.Wake();
            return;
        }

        if (PodOf(podUid) is not { } pod || pod.Metadata.Annotation(Annotations.Domain) is not { } name
            || !ForwardingState.IsIn(new PodPlace(options.KubeletRoot, podUid).Folder))
        {
            return;
        }

        var keeper = new PodKeeper(
            this, tools, podUid, new PodPlace(options.KubeletRoot, podUid).Folder, new NamespacedName(pod.Metadata.Namespace!, name));
        if (_keepers.TryAdd(podUid, keeper))
        {
            keeper.Start(Done, cancellationToken);
        }

        void Done(bool well)
        {
            _keepers.TryRemove(podUid, out _);
            if (well)
            {
                // A tunnel may have been made while it was finding that there are none.
                Consider(podUid, cancellationToken);
            }
        }
    }
}
