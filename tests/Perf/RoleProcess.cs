using System.Diagnostics;
using System.Globalization;

namespace Godwit.Perf;

/// <summary>One role of the daemon as it is delivered, in a process of its own.</summary>
internal sealed class RoleProcess : IAsyncDisposable
{
    private readonly string _role;
    private readonly RequestCounter _requests;
    private readonly long _listedBefore;
    private readonly Process _process;
    private readonly Task _draining;

    private RoleProcess(string bin, string kubeconfig, RequestCounter requests, string role, IEnumerable<string> arguments)
    {
        _role = role;
        _requests = requests;
        _listedBefore = Listed;
        var info = new ProcessStartInfo(
            Path.Combine(bin, "godwitd"), [role, "--kubeconfig", kubeconfig, "--log-level", "Warning", .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // As its pod has it, and as the supervisor of `godwit up` gives it.
        info.Environment["DOTNET_GCgen0size"] = "400000";
        _process = Process.Start(info)!;
        _draining = Task.WhenAll(_process.StandardOutput.BaseStream.CopyToAsync(Stream.Null), _process.StandardError.BaseStream.CopyToAsync(Stream.Null));
    }

    public bool HasEnded => _process.HasExited;

    public double CpuSeconds => CpuTimes.Of(_process.Id) ?? double.NaN;

    /// <summary>MiB, now.</summary>
    public double Rss => StatusMiB("VmRSS:");

    /// <summary>MiB of that which is no file's and so nobody else's.</summary>
    public double OwnRss => StatusMiB("RssAnon:");

    /// <summary>MiB, the most there ever was.</summary>
    public double PeakRss => StatusMiB("VmHWM:");

    /// <param name="bin">Where the program is.</param>
    /// <param name="kubeconfig">Who it is to the API server.</param>
    /// <param name="requests">Counts those of virt-controller.</param>
    public static RoleProcess Controller(string bin, string kubeconfig, RequestCounter requests) =>
        new(bin, kubeconfig, requests, "virt-controller", []);

    /// <summary>The agent of a node that this machine plays; its folder is emptied by nobody.</summary>
    public static RoleProcess Handler(string bin, string kubeconfig, RequestCounter requests, string node, string kubeletRoot) =>
        new(bin, kubeconfig, requests, "handler", ["--node", node, "--kubelet-root", kubeletRoot]);

    /// <summary>
    /// Until it has read the VMIs, and then used next to no processor time and asked next to nothing for a while. Requests alone do not
    /// tell: after the last one, which may be a list of thousands, comes the work on what it has brought.
    /// </summary>
    public async Task QuietAsync(CancellationToken ct)
    {
        const double Idle = 0.02;
        // It renews its lease, and asks for the next part of a watch, now and then.
        const int Whispers = 3;
        var (calm, asked, used) = (TimeSpan.Zero, _requests.All, CpuSeconds);
        while (calm < Calm || Listed == _listedBefore)
        {
            await Task.Delay(Window, TimeProvider.System, ct);
            if (HasEnded)
            {
                throw new InvalidOperationException($"{_role} has ended by itself");
            }

            var (askedNow, usedNow) = (_requests.All, CpuSeconds);
            calm = usedNow - used < Idle && askedNow - asked <= Whispers ? calm + Window : TimeSpan.Zero;
            (asked, used) = (askedNow, usedNow);
        }
    }

    /// <summary>So long nothing may happen before it counts as quiet, in windows of which each has to be idle.</summary>
    public static TimeSpan Calm { get; } = TimeSpan.FromSeconds(2);

    private static TimeSpan Window { get; } = TimeSpan.FromMilliseconds(250);

    private long Listed => _requests.ByKind().GetValueOrDefault("GET virtualmachineinstances");

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
