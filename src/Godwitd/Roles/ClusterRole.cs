using Godwit.Godwitd.Install;
using Godwit.LocalCluster;
using Godwit.LocalCluster.Images;
using Godwit.LocalCluster.Kubelet;
using Godwit.LocalCluster.Scheduling;
using Godwit.LocalCluster.Storage;
using Godwit.Qemu;
using Godwit.VirtController;
using Microsoft.Extensions.Logging;

namespace Godwit.Godwitd.Roles;

/// <summary>The single-machine Kubernetes, with Godwit installed into it.</summary>
public static partial class ClusterRole
{
    private const string LauncherFolder = "/opt/godwit";

    public static Task RunAsync(Arguments arguments, ILoggerFactory loggers, CancellationToken ct)
    {
        var options = ClusterFile.Read(arguments.Get("state"));
        var emulated = IsEmulatedAsync(options, loggers.CreateLogger("godwitd.accelerator"), ct);
        return ClusterHost.RunAsync(
            options,
            [new NodesService([LauncherImage(options)]), new SchedulerService(), new StorageService(), new InstallService(emulated)],
            loggers,
            ct);
    }

    /// <summary>The launcher's image is this machine with our binaries in it: it has the machine's own QEMU.</summary>
    private static HostImage LauncherImage(ClusterOptions options) => new(
        new VirtControllerOptions().LauncherImage,
        [$"{LauncherFolder}/virt-launcher"],
        new Dictionary<string, string>(StringComparer.Ordinal) { [LauncherFolder] = options.BinDirectory ?? AppContext.BaseDirectory });

    private static async Task<bool> IsEmulatedAsync(ClusterOptions options, ILogger logger, CancellationToken ct)
    {
        // The probe runs a guest; the API server is up long before that has ended.
        var info = await Accelerator.ProbeAsync(cacheFile: Path.Combine(options.StateDirectory, "accelerator.json"), cancellationToken: ct);
        LogAccelerator(logger, info.Name, info.Reason);
        return info.Name == AcceleratorInfo.Tcg;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Guests run with {Accelerator}: {Reason}")]
    private static partial void LogAccelerator(ILogger logger, string accelerator, string reason);
}
