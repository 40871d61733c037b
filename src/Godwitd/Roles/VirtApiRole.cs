using System.Net;
using Godwit.Machinery;
using Godwit.VirtApi;
using Microsoft.Extensions.Logging;

namespace Godwit.Godwitd.Roles;

/// <summary>virt-api alone, as a pod runs it; without a kubeconfig it uses the pod's service account.</summary>
public static class VirtApiRole
{
    public static async Task RunAsync(Arguments arguments, ILoggerFactory loggers, CancellationToken ct)
    {
        using var api = ApiClient.Open(new() { Kubeconfig = arguments.Find("kubeconfig"), UserAgent = "virt-api" });
        await VirtApiServer.RunAsync(new VirtApiOptions { Listen = Listen(arguments) }, api, loggers, TimeProvider.System, ct);
    }

    /// <summary>Where the words say that it listens, or where it does so by itself.</summary>
    public static IPEndPoint Listen(Arguments arguments) => arguments.Find("listen") switch
    {
        null => new VirtApiOptions().Listen,
        { } text => IPEndPoint.TryParse(text, out var endpoint) ? endpoint : throw new UsageException($"--listen {text} is not ADDRESS:PORT"),
    };
}
