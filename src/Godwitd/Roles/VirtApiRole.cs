using Godwit.VirtApi;
using Microsoft.Extensions.Logging;

namespace Godwit.Godwitd.Roles;

/// <summary>virt-api alone, as a pod runs it; without a kubeconfig it uses the pod's service account.</summary>
public static class VirtApiRole
{
    public static async Task RunAsync(Arguments arguments, ILoggerFactory loggers, CancellationToken ct)
    {
        using var api = Clients.Open("virt-api", arguments.Find("kubeconfig"));
        await VirtApiServer.RunAsync(new VirtApiOptions { Listen = arguments.Address("listen", new VirtApiOptions().Listen) }, api, loggers, TimeProvider.System, ct);
    }
}
