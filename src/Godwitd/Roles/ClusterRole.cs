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

/// <summary>The single-machine Kubernetes, with Godwit installed into it unless it is to be bare.</summary>
public static partial class ClusterRole
{
    private const string BinFolder = "/opt/godwit";

    public static Task RunAsync(Arguments arguments, ILoggerFactory loggers, CancellationToken ct)
    {
        var state = arguments.Get("state");
        var options = ClusterFile.Read(state);
        IClusterService[] services = [new NodesService(Images(options)), new SchedulerService(), new StorageService()];
        return ClusterHost.RunAsync(
            options,
            ClusterFile.IsBare(state) ? services : [.. services, new InstallService(IsEmulatedAsync(options, loggers.CreateLogger("godwitd.accelerator"), ct))],
            loggers,
            ct);
    }

    /// <summary>Godwit's images are this machine with our binaries in it: they have the machine's own QEMU and tools.</summary>
    private static HostImage[] Images(ClusterOptions options)
    {
        var launcher = new VirtControllerOptions().LauncherImage;
        var binds = new Dictionary<string, string>(StringComparer.Ordinal) { [BinFolder] = options.BinDirectory ?? AppContext.BaseDirectory };
        return
        [
            new(launcher, [$"{BinFolder}/virt-launcher"], binds),
            .. ((string[])["virt-handler", "virt-controller"]).Select(name =>
                new HostImage(launcher.Replace("virt-launcher", name, StringComparison.Ordinal), [$"{BinFolder}/godwitd"], binds, Path: BinFolder)),
        ];
    }

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
