using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.VirtHandler.Devices;
using Godwit.VirtHandler.Metrics;
using Godwit.VirtHandler.Node;
using Godwit.VirtHandler.Subresources;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler;

/// <summary>The agent of one node.</summary>
public static partial class VirtHandlerAgent
{
    internal const string Component = "virt-handler";
    private static readonly TimeSpan ProbeRetry = TimeSpan.FromSeconds(30);

    /// <summary>Works until cancelled; throws when one of its loops cannot go on.</summary>
    public static Task RunAsync(VirtHandlerOptions options, ApiClient api, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken) =>
        RunAsync(options, api, NodeEdges.OfHost(time), loggers, time, cancellationToken);

    /// <summary>The same with edges of the caller's: tests break the rules of the switchover there, to see that it is noticed.</summary>
    public static async Task RunAsync(
        VirtHandlerOptions options, ApiClient api, NodeEdges edges, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        var logger = loggers.CreateLogger(Component);
        var events = new EventRecorder(api, Component, logger, time, options.Node);
        try
        {
            var health = new DeviceHealth();
            var guests = new GuestEndpoints(
                new GuestCommands(api, options, events, logger, time), new GuestScreens(api, options, time), new GuestQuestions(api, options, time));
            var consoles = new Console.ConsoleServer(api, options, loggers, logger, time, guests.Map);
            var monitoring = api.Metrics is { } metrics
                ? new HandlerMonitoring(options, api, metrics, () => consoles.Certificate, loggers, time)
                : null;
            // Devices are offered at once: trying KVM may take seconds, and pods that are emulated do not wait for it.
            await TaskGroup.RunAsync(
                cancellationToken,
                new DeviceWatch(NodeDevice.All, health, logger, time).RunAsync,
                new DevicePluginServer(NodeDevice.All, health, options, loggers, logger, time).RunAsync,
                ct => monitoring?.RunAsync(ct) ?? Task.CompletedTask,
                async ct =>
                {
                    if (await ProbeAsync(options, api, events, monitoring, logger, time, ct) is { } node)
                    {
                        health.Tried(kvmRuns: node.Accelerator.Name == AcceleratorInfo.Kvm);
                        await GuestWork.RunAsync(
                            options with { Ready = () => monitoring?.Tell(null) },
                            api,
                            events,
                            node,
                            edges,
                            loggers,
                            time,
                            ct,
                            consoles.RunAsync,
                            new Heartbeat(api, options, node.Capabilities, logger, time).RunAsync);
                    }
                });
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogStopped(logger, options.Node);
        }
    }

    // A node whose QEMU will not do says so again and again, and looks again: the remedy is an installation, not a restart.
    private static async Task<NodeFacts?> ProbeAsync(
        VirtHandlerOptions options,
        ApiClient api,
        EventRecorder events,
        HandlerMonitoring? monitoring,
        ILogger logger,
        TimeProvider time,
        CancellationToken cancellationToken)
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
            monitoring?.Tell($"the node can run no guests: {problem}");
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
