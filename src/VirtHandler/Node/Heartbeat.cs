using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Node;

/// <summary>Says once a minute that this node's agent lives, and what guests the node can take.</summary>
public sealed partial class Heartbeat(ApiClient api, VirtHandlerOptions options, QemuCapabilities? capabilities, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

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

            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        var name = NamespacedName.Cluster(options.Node);
        var node = await api.GetAsync(Kinds.Node, name, TypesJson.Default.Node, ct: cancellationToken);
        await api.PatchAsync(Kinds.Node, name, PatchKind.Merge, NodeLabels.Patch(node.Metadata.Labels, capabilities, time.GetUtcNow()), ct: cancellationToken);
    }

    [LoggerMessage(420, LogLevel.Warning, "Heartbeat of {Node} missed: {Error}")]
    private static partial void LogMissed(ILogger logger, string node, string error);
}
