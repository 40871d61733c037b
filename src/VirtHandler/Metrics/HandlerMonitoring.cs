using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Monitoring;
using Godwit.Types;
using Godwit.VirtHandler.Node;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Metrics;

/// <summary>
/// What the agent says of itself, at the node's address and <see cref="VirtHandlerOptions.MetricsPort"/>; where that address is not
/// of this machine's own network namespace, on loopback, and the node's annotation says where: many agents fit on one machine.
/// </summary>
internal sealed class HandlerMonitoring
{
    private readonly VirtHandlerOptions _options;
    private readonly ApiClient _api;
    private readonly MonitoringServer _server;
    private volatile string? _lacking = "the node's QEMU is being looked at";

    public HandlerMonitoring(
        VirtHandlerOptions options, ApiClient api, MetricRegistry metrics, Func<X509Certificate2?> certificate, ILoggerFactory loggers, TimeProvider time)
    {
        (_options, _api) = (options, api);
        ProcessMetrics.Register(metrics, typeof(HandlerMonitoring).Assembly.GetName().Version?.ToString(3) ?? "0.0.0");
        var ready = metrics.Gauge("kubevirt_virt_handler_ready_status", "1 for an agent that looks after guests.");
        metrics.Collect(() => [ready.Sample(_lacking is null ? 1 : 0)]);
        _server = new(
            new MonitoringOptions
            {
                Component = "virt-handler",
                Listen = ListenAsync,
                Started = PublishAsync,
                Certificate = certificate,
                Lacking = () => _lacking,
            },
            metrics,
            loggers,
            time);
    }

    /// <summary>The agent works, or why it does not.</summary>
    public void Tell(string? lacking) => _lacking = lacking;

    /// <summary>Serves until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => _server.RunAsync(cancellationToken);

    private async Task<IPEndPoint> ListenAsync(CancellationToken cancellationToken)
    {
        var node = await _api.GetAsync(Kinds.Node, NamespacedName.Cluster(_options.Node), TypesJson.Default.Node, ct: cancellationToken);
        return NodeAddresses.Own(node) is { } own ? new(own, _options.MetricsPort) : new(IPAddress.Loopback, 0);
    }

    private Task<JsonObject> PublishAsync(IPEndPoint endpoint, CancellationToken cancellationToken) => _api.PatchAsync(
        Kinds.Node,
        NamespacedName.Cluster(_options.Node),
        PatchKind.Merge,
        new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["annotations"] = new JsonObject
                {
                    [MonitoringNames.EndpointAnnotation] = IPAddress.IsLoopback(endpoint.Address) ? endpoint.ToString() : null,
                },
            },
        },
        ct: cancellationToken);
}
