using System.Globalization;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Perf.Peers;

/// <summary>Bare QMP, Godwit and virsh move guests that are alike, in turn, on one machine.</summary>
internal static class PeerBench
{
    /// <summary>How long the guest is listened to, and the processes are watched, after a move.</summary>
    public static readonly TimeSpan After = TimeSpan.FromMilliseconds(500);

    public static string KernelArguments(int memoryMiB) => string.Create(
        CultureInfo.InvariantCulture, $"console=ttyS0 quiet no_timer_check mg.mem={memoryMiB * 3 / 8} mg.hot=48 mg.rate=0 mg.verify=0 mg.tick={GuestConsole.Period}");

    /// <summary>The longest time without a tick, less what lies between two ticks anyway.</summary>
    public static double GuestPause(GuestTicks ticks) => ticks.Problems is [var first, ..]
        ? throw new InvalidOperationException($"the guest did not come over whole: {first}")
        : Math.Max(0, ticks.LongestGapMs() - GuestConsole.Period);

    /// <summary>The figures so far are in the report also when this breaks off.</summary>
    public static async Task RunAsync(BenchOptions options, TestCluster cluster, PeerReport report, CancellationToken ct)
    {
        var runs = options.Runs ?? (options.Quick ? 3 : 5);
        await using var pair = await LibvirtPair.StartAsync(ct);
        foreach (var sized in (options.Quick ? MoveCase.Quick : MoveCase.All).GroupBy(static c => c.MemoryMiB))
        {
            var guest = string.Create(CultureInfo.InvariantCulture, $"peer-{sized.Key}");
            await using var godwit = await GodwitPeer.BootAsync(cluster, guest, sized.Key, ct);
            var boot = godwit.ReadDomain();
            // The first move of a guest is slower than all others, and shows what a target is started with.
            var streams = (await WarmAsync(godwit, sized.First(), 0, ct)).Streams;
            godwit.Pauses.Clear();
            await using var bare = await BarePeer.BootAsync(boot, godwit.ReadDomain(), cluster.Kernel, await cluster.PlacesAsync(ct), ct);
            await WarmAsync(bare, sized.First(), streams, ct);
            await using var virsh = await VirshPeer.BootAsync(pair, boot, cluster.Kernel, sized.Key, ct);
            await WarmAsync(virsh, sized.First(), streams, ct);
            foreach (var what in sized)
            {
                await CaseAsync(report.Begin(what), runs, bare, godwit, virsh, ct);
            }

            report.Pauses.Add(godwit.Pauses);
            await virsh.EndAsync(ct);
            await cluster.Api.DeleteAsync(Kinds.VirtualMachineInstance, new NamespacedName("default", guest), ct: ct);
        }
    }

    private static async Task<PeerMove> WarmAsync(IPeer peer, MoveCase what, int streams, CancellationToken ct)
    {
        if (peer is GodwitPeer godwit)
        {
            await godwit.ConfigureAsync(what, ct);
        }

        await peer.WakeAsync(what, ct);
        var move = await peer.MoveAsync(what, streams, ct);
        await peer.RestAsync(ct);
        return move;
    }

    private static async Task CaseAsync(CaseResult result, int runs, BarePeer bare, GodwitPeer godwit, VirshPeer virsh, CancellationToken ct)
    {
        var what = result.Case;
        await godwit.ConfigureAsync(what, ct);
        // Godwit goes first: how many streams it has taken is what the others are told to take.
        IPeer[] order = [godwit, bare, virsh];
        for (var run = 0; run < runs; run++)
        {
            foreach (var peer in order)
            {
                var moves = result.Columns.First(c => c.Peer == peer.Name).Moves;
                var streams = what.Streams ?? result.Columns.First(static c => c.Peer == "godwit").Moves.LastOrDefault()?.Streams ?? 0;
                await peer.WakeAsync(what, ct);
                // A target touches a guest's memory at most once; what the programs around it take comes on top.
                WarmMemory.Have(what.MemoryMiB * 2);
                var move = await peer.MoveAsync(what, streams == 1 ? 0 : streams, ct);
                await peer.RestAsync(ct);
                moves.Add(move);
                await Console.Error.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{what.Name}, {run + 1} of {runs}, {peer.Name}: {move.TotalMs:0} ms, pause {move.PauseMs:0.0} ms, guest {move.GuestPauseMs:0} ms, {move.GiB * 1024:0} MiB, {move.MiBPerSecond:0} MiB/s"));
            }
        }
    }
}
