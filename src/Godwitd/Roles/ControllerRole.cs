using Godwit.Godwitd.Install;
using Godwit.Machinery;
using Godwit.VirtApi;
using Godwit.VirtController;
using Microsoft.Extensions.Logging;

namespace Godwit.Godwitd.Roles;

/// <summary>virt-controller and virt-api in one process; each has its own user.</summary>
public static class ControllerRole
{
    public static async Task RunAsync(Arguments arguments, ILoggerFactory loggers, CancellationToken ct)
    {
        var kubeconfig = arguments.Find("kubeconfig");
        var apiUser = arguments.Find("state") is { } state && ComponentUsers.PathOf(state, "virt-api") is var own && File.Exists(own) ? own : kubeconfig;
        using var controllerApi = Clients.Open("virt-controller", kubeconfig);
        using var virtApi = Clients.Open("virt-api", apiUser);
        var listen = arguments.Address("listen", new VirtApiOptions().Listen);
        await TaskGroup.RunAsync(
            ct,
            [
                token => VirtControllers.RunAsync(new VirtControllerOptions { MetricsListen = VirtControllerRole.MetricsListen(arguments) }, controllerApi, loggers, TimeProvider.System, token),
                token => VirtApiServer.RunAsync(new VirtApiOptions { Listen = listen }, virtApi, loggers, TimeProvider.System, token),
            ]);
    }
}
