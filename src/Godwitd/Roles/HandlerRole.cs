using Godwit.Monitoring;
using Godwit.VirtHandler;
using Microsoft.Extensions.Logging;

namespace Godwit.Godwitd.Roles;

/// <summary>virt-handler of one node.</summary>
public static class HandlerRole
{
    public static async Task RunAsync(Arguments arguments, ILoggerFactory loggers, CancellationToken ct)
    {
        using var api = Clients.Open("virt-handler", arguments.Find("kubeconfig"));
        var options = new VirtHandlerOptions
        {
            Node = arguments.Get("node"),
            KubeletRoot = arguments.Find("kubelet-root") ?? "/var/lib/kubelet",
            MetricsPort = arguments.Port("metrics-port", MonitoringOptions.Port),
        };
        await VirtHandlerAgent.RunAsync(options, api, loggers, TimeProvider.System, ct);
    }
}
