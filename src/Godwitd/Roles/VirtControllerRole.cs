using Godwit.Machinery;
using Godwit.VirtController;
using Microsoft.Extensions.Logging;

namespace Godwit.Godwitd.Roles;

/// <summary>virt-controller alone, as a pod runs it; without a kubeconfig it uses the pod's service account.</summary>
public static class VirtControllerRole
{
    public static async Task RunAsync(Arguments arguments, ILoggerFactory loggers, CancellationToken ct)
    {
        using var api = ApiClient.Open(new() { Kubeconfig = arguments.Find("kubeconfig"), UserAgent = "virt-controller" });
        var options = arguments.Find("launcher-image") is { } image ? new VirtControllerOptions { LauncherImage = image } : new VirtControllerOptions();
        await VirtControllers.RunAsync(options, api, loggers, TimeProvider.System, ct);
    }
}
