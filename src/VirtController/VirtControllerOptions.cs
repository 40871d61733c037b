using System.Net;

namespace Godwit.VirtController;

/// <summary>How virt-controller is run.</summary>
public sealed record VirtControllerOptions
{
    /// <summary>Image of the launcher pods.</summary>
    public string LauncherImage { get; init; } = $"godwit/virt-launcher:{Version}";

    /// <summary>Who this process is among several virt-controllers.</summary>
    public string Identity { get; init; } = $"{Environment.MachineName}_{Environment.ProcessId}";

    /// <summary>Keys reconciled at the same time, for each controller.</summary>
    public int Workers { get; init; } = 4;

    /// <summary>Where <c>/metrics</c>, <c>/healthz</c> and <c>/readyz</c> are served, if the client counts; null: nowhere.</summary>
    public IPEndPoint? MetricsListen { get; init; }

    /// <summary>Told where they are really served.</summary>
    public Action<IPEndPoint>? MetricsStarted { get; init; }

    /// <summary>The version that this build reports as installed.</summary>
    public static string Version { get; } = typeof(VirtControllerOptions).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
