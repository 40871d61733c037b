using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtHandler.Agents;
using Godwit.VirtHandler.Boot;
using Godwit.VirtHandler.Disks;
using Godwit.VirtHandler.Forwarding;
using Godwit.VirtHandler.Metrics;
using Godwit.VirtHandler.Migration;
using Godwit.VirtHandler.Node;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler;

/// <summary>What an agent does for the guests of its node: caches, boots, watches, migrations.</summary>
public static class GuestWork
{
    private const string VmisByPod = "pod";
    private const string VmisByClaim = "claim";
    private static readonly PersistentVolumeClaim NoClaim = new();

    /// <summary>Works until cancelled, with <paramref name="others"/> beside; throws when a loop cannot go on.</summary>
    public static async Task RunAsync(
        VirtHandlerOptions options,
        ApiClient api,
        EventRecorder events,
        NodeFacts node,
        NodeEdges edges,
        ILoggerFactory loggers,
        TimeProvider time,
        CancellationToken cancellationToken,
        params IReadOnlyList<Func<CancellationToken, Task>> others)
    {
        var logger = loggers.CreateLogger(VirtHandlerAgent.Component);
        var vmis = new Informer<VirtualMachineInstance>(api, Kinds.VirtualMachineInstance, TypesJson.Default.VirtualMachineInstance, logger, time)
            .Keeping(vmi => CachedVmi.For(options.Node, vmi))
            .WithIndex(VmisByPod, VmiReconciler.PodUids)
            .WithIndex(VmisByClaim, VmiReconciler.ClaimKeys);
        var pods = new Informer<Pod>(api, Kinds.Pod, TypesJson.Default.Pod, logger, time, new InformerOptions
        {
            FieldSelector = $"spec.nodeName={options.Node}",
            LabelSelector = $"{Labels.App}={Labels.AppVirtLauncher}",
        }).Keeping(CachedObjects.WithoutManagedFields).WithIndex(VmiReconciler.PodsByUid, pod => [pod.Metadata.Uid!]);
        // Only that one has changed is of interest here: it is read when it is needed.
        var claims = new Informer<PersistentVolumeClaim>(api, Kinds.PersistentVolumeClaim, TypesJson.Default.PersistentVolumeClaim, logger, time)
            .Keeping(static _ => NoClaim);
        var nodes = new Informer<Types.Node>(api, Kinds.Node, TypesJson.Default.Node, logger, time, new InformerOptions
        {
            FieldSelector = $"metadata.name={options.Node}",
        }).Keeping(CachedObjects.WithoutManagedFields);
        var configuration = new ConfigurationCache(api, logger, time);

        var volumes = new VolumeGatherer(api);
        var preparer = new GuestPreparer(edges.Locator, edges.Network, new ContainerDisks(edges.Locator), new DiskPreparer(edges.Tools), volumes, node);
        using var forwarding = edges.Forwards ? new ForwardingTools(edges.Tools, edges.Network, loggers, time) : null;
        var forwarders = forwarding is null
            ? null
            : new Forwarders(forwarding, vmis, pods, nodes, () => configuration.Current, Record, edges.Locator, options);
        await using var migrations = new MigrationReconciler(
            Record,
            new MigrationTools(new TargetDomain(preparer, options), edges.Network, edges.Tools)
            {
                Monitors = edges.Monitors,
                Rules = edges.Rules,
                Forwarding = forwarding,
            },
            loggers,
            time);
        ControllerRunner? runner = null;
        var watchers = new GuestWatchers(key => runner!.Enqueue(key), edges.Monitors, logger, time);
        var agents = new GuestAgents(logger, time);
        var reconciler = new VmiReconciler(
            api, vmis, pods, nodes, () => configuration.Current, options, node, preparer, watchers, agents, volumes, edges.Locator, edges.Monitors, migrations, events, logger, time);
        runner = new ControllerRunner("vmi", reconciler.ReconcileAsync, logger, time, new ControllerOptions { Workers = options.Workers, Metrics = api.Metrics });

        vmis.OnChange(change =>
        {
            if (change.New is { } vmi)
            {
                migrations.Notice(vmi);
                forwarders?.Notice(vmi);
            }

            runner.Enqueue(change.Key);
        });
        pods.OnChange(change =>
        {
            Enqueue(vmis.ByIndex(VmisByPod, change.Last.Metadata.Uid!));
            forwarders?.Notice(change.Last.Metadata.Uid!, gone: change.New is null);

            if (change.New is null)
            {
                var left = pods.List().Select(pod => pod.Metadata.Uid!).ToHashSet(StringComparer.Ordinal);
                watchers.KeepOnly(left);
                agents.KeepOnly(left);
            }
        });

        // What decides whether a guest can move: its claims, the node's labels, the settings.
        claims.OnChange(change => Enqueue(vmis.ByIndex(VmisByClaim, change.Key.ToString())));
        nodes.OnChange(change =>
        {
            forwarders?.NoticeNode();
            if (NodeLabels.NamesHostModel(change.Old?.Metadata.Labels) != NodeLabels.NamesHostModel(change.New?.Metadata.Labels))
            {
                Enqueue(vmis.List());
            }
        });
        configuration.OnChange(() => Enqueue(vmis.List()));

        var filling = new CacheFilling(
            [vmis.WaitForSyncAsync, pods.WaitForSyncAsync, nodes.WaitForSyncAsync, configuration.WaitForSyncAsync], () => vmis.Count);
        using var counted = CountMigrations(api.Metrics, options.Node, vmis);
        await TaskGroup.RunAsync(
            cancellationToken,
            [
                vmis.RunAsync,
                pods.RunAsync,
                claims.RunAsync,
                nodes.RunAsync,
                configuration.RunAsync,
                events.RunAsync,
                watchers.RunAsync,
                filling.RunAsync,
                ct => runner.RunAsync(ct, filling.WaitAsync),
                .. forwarders is null ? [] : (IEnumerable<Func<CancellationToken, Task>>)[forwarders.RunAsync],
                .. others,
                .. options.Ready is { } ready ? [ct => TellAsync(ready, filling, ct)] : Array.Empty<Func<CancellationToken, Task>>(),
            ]);

        IMigrationRecord Record(NamespacedName key) => new ApiMigrationRecord(api, events, key);

        void Enqueue(IEnumerable<VirtualMachineInstance> changed)
        {
            foreach (var vmi in changed)
            {
                runner.Enqueue(new NamespacedName(vmi.Metadata.Namespace!, vmi.Metadata.Name!));
            }
        }
    }

    private static async Task TellAsync(Action ready, CacheFilling filling, CancellationToken ct)
    {
        await filling.WaitAsync(ct);
        ready();
    }

    private static IDisposable? CountMigrations(MetricRegistry? registry, string node, Informer<VirtualMachineInstance> vmis)
    {
        if (registry is null)
        {
            return null;
        }

        var metrics = new HandlerMetrics(registry, node);
        return registry.Collect(() => metrics.Of(vmis.List()));
    }
}
