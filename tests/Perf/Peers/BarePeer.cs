using Godwit.Qemu;

namespace Godwit.Perf.Peers;

/// <summary>The shortest correct driver, <see cref="BarePair"/>, beside the others.</summary>
internal sealed class BarePeer(BarePair pair) : IPeer
{
    public string Name => "bare";

    public static async Task<BarePeer> BootAsync(Domain boot, Domain incoming, string kernel, IReadOnlyList<BarePlace> places, CancellationToken ct)
    {
        var pair = await BarePair.BootAsync(boot, incoming, kernel, places, ct);
        await pair.Now.Console.RestAsync(ct);
        return new BarePeer(pair);
    }

    public Task WakeAsync(MoveCase what, CancellationToken ct) => pair.Now.Console.WakeAsync(what.DirtyMiB, ct);

    public Task RestAsync(CancellationToken ct) => pair.Now.Console.RestAsync(ct);

    public async Task<PeerMove> MoveAsync(MoveCase what, int streams, CancellationToken ct)
    {
        pair.Ticks.Restart();
        await using var source = new QemuCpu(pair.Now.Pid);
        var hop = await pair.HopAsync(
            new BareSettings
            {
                Tls = what.Tls,
                Streams = streams,
                Bandwidth = (long)what.LinkMiB << 20,
                StopAfter = what.NeverEnds ? MoveCase.Stop : null,
            },
            ct);
        await Task.Delay(PeerBench.After, TimeProvider.System, ct);
        return new PeerMove
        {
            TotalMs = hop.TotalMs,
            PauseMs = hop.PauseMs,
            GuestPauseMs = PeerBench.GuestPause(pair.Ticks),
            Bytes = hop.Bytes,
            FlowMs = hop.FlowMs,
            QemuCpu = source.Used + (CpuTimes.Of(pair.Now.Pid) ?? 0),
            Streams = streams,
        };
    }

    public ValueTask DisposeAsync() => pair.DisposeAsync();
}
