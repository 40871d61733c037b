namespace Godwit.Perf.Peers;

/// <summary>What a QEMU uses until it ends: looked at so often that little is missed of one that goes.</summary>
internal sealed class QemuCpu : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);
    private readonly CancellationTokenSource _stop = new();
    private readonly double _before;
    private readonly int _pid;
    private readonly Task _looking;
    private double _last;

    public QemuCpu(int pid)
    {
        _pid = pid;
        _before = _last = CpuTimes.Of(pid) ?? 0;
        _looking = LookAsync();
    }

    /// <summary>Processor seconds since this was made.</summary>
    public double Used => Volatile.Read(ref _last) - _before;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _looking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task LookAsync()
    {
        while (CpuTimes.Of(_pid) is { } now)
        {
            Volatile.Write(ref _last, now);
            await Task.Delay(Period, TimeProvider.System, _stop.Token);
        }
    }
}
