using System.Diagnostics;
using System.Globalization;

namespace Godwit.Perf;

/// <summary>virt-controller as it is delivered, in a process of its own.</summary>
internal sealed class ControllerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _draining;

    public ControllerProcess(string bin, string kubeconfig)
    {
        var info = new ProcessStartInfo(Path.Combine(bin, "godwitd"), ["virt-controller", "--kubeconfig", kubeconfig, "--log-level", "Warning"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(info)!;
        _draining = Task.WhenAll(_process.StandardOutput.BaseStream.CopyToAsync(Stream.Null), _process.StandardError.BaseStream.CopyToAsync(Stream.Null));
    }

    public bool HasEnded => _process.HasExited;

    public double CpuSeconds => CpuTimes.Of(_process.Id) ?? double.NaN;

    /// <summary>MiB, now.</summary>
    public double Rss => StatusMiB("VmRSS:");

    /// <summary>MiB, the most there ever was.</summary>
    public double PeakRss => StatusMiB("VmHWM:");

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await Tool.RunAsync("kill", [_process.Id.ToString(CultureInfo.InvariantCulture)], CancellationToken.None);
            await _process.WaitForExitAsync();
        }

        await _draining;
        _process.Dispose();
    }

    private double StatusMiB(string key) => HasEnded ? double.NaN : HostProcesses.StatusMiB(_process.Id, key);
}
