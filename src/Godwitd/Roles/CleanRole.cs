using Godwit.LocalCluster.Kubelet;
using Microsoft.Extensions.Logging;

namespace Godwit.Godwitd.Roles;

/// <summary>Removes what a cluster left on this machine: pods, networks, mounts, cgroups.</summary>
public static class CleanRole
{
    public static async Task RunAsync(Arguments arguments, ILoggerFactory loggers, CancellationToken ct)
    {
        foreach (var removed in await ClusterCleanup.RunAsync(ClusterFile.Read(arguments.Get("state")), ct))
        {
            await Console.Out.WriteLineAsync($"removed {removed}");
        }
    }
}
