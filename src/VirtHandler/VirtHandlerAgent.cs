using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Agents;
using Godwit.VirtHandler.Boot;
using Godwit.VirtHandler.Devices;
using Godwit.VirtHandler.Disks;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Migration;
using Godwit.VirtHandler.Node;
using Godwit.VirtHandler.Subresources;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler;

/// <summary>The agent of one node.</summary>
public static partial class VirtHandlerAgent
{
    private const string Component = "virt-handler";
    private const string VmisByPod = "pod";
    private const string VmisByClaim = "claim";
    private static readonly TimeSpan ProbeRetry = TimeSpan.FromSeconds(30);

    /// <summary>Works until cancelled; throws when one of its loops cannot go on.</summary>
    public static async Task RunAsync(VirtHandlerOptions options, ApiClient api, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var logger = loggers.CreateLogger(Component);
        var events = new EventRecorder(api, Component, logger, time, options.Node);
        try
        {
            var health = new DeviceHealth();
            // Devices are offered at once: trying KVM may take seconds, and pods that are emulated do not wait for it.
            await TaskGroup.RunAsync(
                cancellationToken,
                new DeviceWatch(NodeDevice.All, health, logger, time).RunAsync,
                new DevicePluginServer(NodeDevice.All, health, options, loggers, logger, time).RunAsync,
                async ct =>
                {
                    if (await ProbeAsync(options, api, events, logger, time, ct) is { } node)
                    {
                        health.Tried(kvmRuns: node.Accelerator.Name == AcceleratorInfo.Kvm);
                        await WorkAsync(options, api, events, node, loggers, time, ct);
                    }
                });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogStopped(logger, options.Node);
        }
    }

    private static async Task WorkAsync(
        VirtHandlerOptions options, ApiClient api, EventRecorder events, NodeFacts node, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var logger = loggers.CreateLogger(Component);
        var vmis = new Informer<VirtualMachineInstance>(api, Kinds.VirtualMachineInstance, TypesJson.Default.VirtualMachineInstance, logger, time)
            .WithIndex(VmisByPod, VmiReconciler.PodUids)
            .WithIndex(VmisByClaim, VmiReconciler.ClaimKeys);
        var pods = new Informer<Pod>(api, Kinds.Pod, TypesJson.Default.Pod, logger, time, new InformerOptions
        {
            FieldSelector = $"spec.nodeName={options.Node}",
            LabelSelector = $"{Labels.App}={Labels.AppVirtLauncher}",
        }).WithIndex(VmiReconciler.PodsByUid, pod => [pod.Metadata.Uid!]);
        var claims = new Informer<PersistentVolumeClaim>(api, Kinds.PersistentVolumeClaim, TypesJson.Default.PersistentVolumeClaim, logger, time);
        var nodes = new Informer<Types.Node>(api, Kinds.Node, TypesJson.Default.Node, logger, time, new InformerOptions
        {
            FieldSelector = $"metadata.name={options.Node}",
        });
        var configuration = new ConfigurationCache(api, logger, time);

        var tools = new HostTools(time);
        var volumes = new VolumeGatherer(api);
        var network = new Network.PodNetwork(tools);
        var locator = new PodLocator();
        var preparer = new GuestPreparer(locator, network, new ContainerDisks(locator), new DiskPreparer(tools), volumes, node);
        await using var migrations = new MigrationReconciler(
            key => new ApiMigrationRecord(api, events, key), new MigrationTools(new TargetDomain(preparer, options), network, tools), loggers, time);
        ControllerRunner? runner = null;
        var watchers = new GuestWatchers(key => runner!.Enqueue(key), logger, time);
        var agents = new GuestAgents(logger, time);
        var reconciler = new VmiReconciler(
            api, vmis, pods, nodes, () => configuration.Current, options, node, preparer, watchers, agents, volumes, locator, migrations, events, logger, time);
        runner = new ControllerRunner("vmi", reconciler.ReconcileAsync, logger, time, new ControllerOptions { Workers = options.Workers });

        vmis.OnChange(change =>
        {
            if (change.New is { } vmi)
            {
                migrations.Notice(vmi);
            }

            runner.Enqueue(change.Key);
        });
        pods.OnChange(change =>
        {
            Enqueue(vmis.ByIndex(VmisByPod, change.Last.Metadata.Uid!));

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
            if (NodeLabels.NamesHostModel(change.Old?.Metadata.Labels) != NodeLabels.NamesHostModel(change.New?.Metadata.Labels))
            {
                Enqueue(vmis.List());
            }
        });
        configuration.OnChange(() => Enqueue(vmis.List()));

        var guests = new GuestEndpoints(
            new GuestCommands(api, options, events, logger, time), new GuestScreens(api, options, time), new GuestQuestions(api, options, time));
        await TaskGroup.RunAsync(
            cancellationToken,
            vmis.RunAsync,
            pods.RunAsync,
            claims.RunAsync,
            nodes.RunAsync,
            configuration.RunAsync,
            events.RunAsync,
            watchers.RunAsync,
            new Console.ConsoleServer(api, options, loggers, logger, time, guests.Map).RunAsync,
            new Heartbeat(api, options, node.Capabilities, logger, time).RunAsync,
            ct => runner.RunAsync(ct, vmis.WaitForSyncAsync, pods.WaitForSyncAsync, nodes.WaitForSyncAsync, configuration.WaitForSyncAsync));

        void Enqueue(IEnumerable<VirtualMachineInstance> changed)
        {
            foreach (var vmi in changed)
            {
                runner.Enqueue(new NamespacedName(vmi.Metadata.Namespace!, vmi.Metadata.Name!));
            }
        }
    }

    // A node whose QEMU will not do says so again and again, and looks again: the remedy is an installation, not a restart.
    private static async Task<NodeFacts?> ProbeAsync(
        VirtHandlerOptions options, ApiClient api, EventRecorder events, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (facts, problem) = await NodeProbe.ProbeAsync(options, time, cancellationToken);
            if (facts is not null)
            {
                LogReady(logger, options.Node, facts.Capabilities.Version.ToString(), facts.Accelerator.Name, facts.Accelerator.Reason);
                return facts;
            }

            LogUnfit(logger, options.Node, problem!);
            var about = new Machinery.ObjectReference("v1", "Node", NamespacedName.Cluster(options.Node), options.Node);
            events.Warning(about, "NoUsableQemu", problem!);
            using var pause = new CancellationTokenSource(ProbeRetry, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(pause.Token, cancellationToken);
            try
            {
                await TaskGroup.RunAsync(either.Token, events.RunAsync, new Heartbeat(api, options, capabilities: null, logger, time).RunAsync);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The pause is over: look again.
            }
        }
    }

    [LoggerMessage(430, LogLevel.Information, "Node {Node}: QEMU {Version}, accelerator {Accelerator} ({Reason})")]
    private static partial void LogReady(ILogger logger, string node, string version, string accelerator, string reason);

    [LoggerMessage(431, LogLevel.Error, "Node {Node} can run no guests: {Problem}")]
    private static partial void LogUnfit(ILogger logger, string node, string problem);

    [LoggerMessage(432, LogLevel.Information, "Agent of node {Node} ended")]
    private static partial void LogStopped(ILogger logger, string node);
}
