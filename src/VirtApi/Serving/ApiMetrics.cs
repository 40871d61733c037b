using Godwit.Machinery;
using Godwit.Monitoring;

namespace Godwit.VirtApi.Serving;

/// <summary>What virt-api says of itself.</summary>
public static class ApiMetrics
{
    /// <summary>Adds it, for as long as the process lives.</summary>
    public static void Register(MetricRegistry metrics)
    {
        ProcessMetrics.Register(metrics, typeof(ApiMetrics).Assembly.GetName().Version?.ToString(3) ?? "0.0.0");
        var ready = metrics.Gauge("kubevirt_virt_api_ready_status", "1 for a virt-api that serves webhooks and subresources.");
        metrics.Collect(() => [ready.Sample(1)]);
    }
}
