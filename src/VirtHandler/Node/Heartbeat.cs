using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Node;

/// <summary>Says once a minute that this node's agent lives, and what guests the node can take.</summary>
public sealed partial class Heartbeat(ApiClient api, VirtHandlerOptions options, QemuCapabilities? capabilities, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private readonly ClockSteps _steps = new(time);

    /// <summary>Periods are up to this factor longer, so that many nodes do not beat in step.</summary>
    private const double Jitter = 0.2;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var wait = options.HeartbeatPeriod * (1 + (api.Jitter.NextDouble() * Jitter));
            try
            {
                await BeatAsync(cancellationToken);
            }
            catch (ApiException e)
            {
                LogMissed(logger, options.Node, e.Message);
                wait = Retry;
            }

            if (await _steps.WaitAsync(wait, cancellationToken) is { } step)
            {
                // The last beat tells a time that is not; a virt-controller that starts now would go by it.
                LogStepped(logger, options.Node, step.TotalSeconds);
            }
        }
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        var name = NamespacedName.Cluster(options.Node);
        var node = await api.GetAsync(Kinds.Node, name, TypesJson.Default.Node, ct: cancellationToken);
        await api.PatchAsync(Kinds.Node, name, PatchKind.Merge, NodeLabels.Patch(node.Metadata.Labels, capabilities, time.GetUtcNow()), ct: cancellationToken);
    }

    [LoggerMessage(421, LogLevel.Warning, "The clock of {Node} was stepped by {Seconds:0.0} s; its heartbeat is sent again")]
    private static partial void LogStepped(ILogger logger, string node, double seconds);

    [LoggerMessage(420, LogLevel.Warning, "Heartbeat of {Node} missed: {Error}")]
    private static partial void LogMissed(ILogger logger, string node, string error);
}
