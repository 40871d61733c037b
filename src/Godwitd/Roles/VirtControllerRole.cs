using System.Net;
using Godwit.Monitoring;
using Godwit.VirtController;
using Microsoft.Extensions.Logging;

namespace Godwit.Godwitd.Roles;

/// <summary>virt-controller alone, as a pod runs it; without a kubeconfig it uses the pod's service account.</summary>
public static class VirtControllerRole
{
    public static async Task RunAsync(Arguments arguments, ILoggerFactory loggers, CancellationToken ct)
    {
        using var api = Clients.Open("virt-controller", arguments.Find("kubeconfig"));
        var options = new VirtControllerOptions { MetricsListen = MetricsListen(arguments) };
        options = arguments.Find("launcher-image") is { } image ? options with { LauncherImage = image } : options;
        await VirtControllers.RunAsync(options, api, loggers, TimeProvider.System, ct);
    }

    /// <summary>Where it says how it is: by default on all addresses.</summary>
    public static IPEndPoint MetricsListen(Arguments arguments) => arguments.Address("metrics-listen", new(IPAddress.Any, MonitoringOptions.Port));
}
