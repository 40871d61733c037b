using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Godwit.Qemu;

namespace Godwit.Perf.Peers;

/// <summary><c>virsh migrate --live</c> between two libvirtds, with libvirt's own defaults for whatever the case does not set.</summary>
internal sealed class VirshPeer : IPeer
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly LibvirtPair _pair;
    private readonly GuestTicks _ticks = new();
    private int _at = 1;
    private GuestConsole _console = null!;
    private QmpClient _watch = null!;

    private VirshPeer(LibvirtPair pair) => _pair = pair;

    public string Name => "virsh";

    public static async Task<VirshPeer> BootAsync(LibvirtPair pair, Domain model, string kernel, int memoryMiB, CancellationToken ct)
    {
        var peer = new VirshPeer(pair);
        var file = Path.Combine(pair[1].Folder, "domain.xml");
        var domain = LibvirtDomain.Describe(model, pair.Share(Path.Combine(kernel, "vmlinuz")), pair.Share(Path.Combine(kernel, "initrd.gz")), memoryMiB);
        await File.WriteAllTextAsync(file, domain.ToString(), ct);
        var console = GuestConsole.ConnectAsync(pair[1].Run, LibvirtDomain.ConsoleSocket, peer._ticks, ct);
        await Tool.RunAsync("virsh", ["-q", "-c", pair[1].Uri, "create", file], ct);
        peer._console = await console;
        peer._watch = await WatchAsync(pair[1], ct);
        await peer._console.ReadyAsync(ct);
        await peer._console.RestAsync(ct);
        return peer;
    }

    public Task WakeAsync(MoveCase what, CancellationToken ct) => _console.WakeAsync(what.DirtyMiB, ct);

    public Task RestAsync(CancellationToken ct) => _console.RestAsync(ct);

    public async Task<PeerMove> MoveAsync(MoveCase what, int streams, CancellationToken ct)
    {
        var (from, to) = (_pair[_at], _pair[3 - _at]);
        _ticks.Restart();
        await using var source = new QemuCpu(from.PidOf("qemu-system-x86_64"));
        var before = _pair.CpuSeconds() + CpuTimes.OfReapedChildren();
        var position = _watch.Events.Position;
        using var hurry = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var console = GuestConsole.ConnectAsync(to.Run, LibvirtDomain.ConsoleSocket, _ticks, hurry.Token);
        var watch = WatchAsync(to, hurry.Token);
        var began = Stopwatch.GetTimestamp();
        try
        {
            await Tool.RunAsync("virsh", Arguments(what, streams, from, to), ct);
        }
        catch
        {
            await hurry.CancelAsync();
            throw;
        }

        var total = Stopwatch.GetElapsedTime(began);
        await Task.Delay(PeerBench.After, TimeProvider.System, ct);
        await _console.DisposeAsync();
        await _watch.DisposeAsync();
        var sent = _watch.Events.Since(position);
        (_console, _watch, _at) = (await console, await watch, to.Number);
        var facts = await Tool.RunAsync("virsh", ["-q", "-c", to.Uri, "domjobinfo", LibvirtDomain.Name, "--completed", "--rawstats"], ct);
        var qemu = source.Used + (CpuTimes.Of(to.PidOf("qemu-system-x86_64")) ?? 0);
        return new PeerMove
        {
            TotalMs = total.TotalMilliseconds,
            PauseMs = (At(_watch.Events.Since(0), static e => e.Name == "RESUME") - At(sent, static e => e.Name == "STOP")).TotalMilliseconds,
            GuestPauseMs = PeerBench.GuestPause(_ticks),
            Bytes = Fact(facts, "memory_processed"),
            FlowMs = (At(sent, static e => e.IsMigration(MigrationStates.Completed)) - At(sent, static e => e.IsMigration(MigrationStates.Active))).TotalMilliseconds,
            OwnCpu = _pair.CpuSeconds() + CpuTimes.OfReapedChildren() - before - qemu,
            QemuCpu = qemu,
            Streams = streams,
        };
    }

    /// <summary>Ends the guest: another may be made in its place.</summary>
    public Task EndAsync(CancellationToken ct) => Tool.RunAsync("virsh", ["-q", "-c", _pair[_at].Uri, "destroy", LibvirtDomain.Name], ct);

    public async ValueTask DisposeAsync()
    {
        if (_console is not null)
        {
            await _console.DisposeAsync();
        }

        if (_watch is not null)
        {
            await _watch.DisposeAsync();
        }
    }

    private static List<string> Arguments(MoveCase what, int streams, LibvirtNode from, LibvirtNode to)
    {
        List<string> words = ["-q", "-c", from.Uri, "migrate", "--live", LibvirtDomain.Name, to.Uri, "--migrateuri", $"tcp://{to.Address}"];
        if (what.Tls)
        {
            words.AddRange(["--tls", "--tls-destination", to.Name]);
        }

        if (streams > 0)
        {
            words.AddRange(["--parallel", "--parallel-connections", Text(streams)]);
        }

        if (what.LinkMiB > 0)
        {
            words.AddRange(["--bandwidth", Text(what.LinkMiB)]);
        }

        if (what.NeverEnds)
        {
            words.AddRange(["--timeout", Text((int)MoveCase.Stop.TotalSeconds), "--timeout-suspend"]);
        }

        return words;
    }

    private static async Task<QmpClient> WatchAsync(LibvirtNode node, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        while (true)
        {
            try
            {
                return await QmpClient.ConnectAsync(node.Run, LibvirtDomain.WatchSocket, new QmpClientOptions { ConnectDeadline = Patience }, patience.Token);
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
            }
        }
    }

    private static DateTimeOffset At(IReadOnlyList<QmpEvent> events, Func<QmpEvent, bool> wanted) =>
        events.FirstOrDefault(wanted)?.Timestamp
        ?? throw new InvalidOperationException($"an event is missing of libvirt's QEMU; there are {string.Join(", ", events.Select(static e => $"{e.Name} {e.Text("status")}"))}");

    private static double Fact(string facts, string name) =>
        facts.Split('\n').Select(static line => line.Split(':')).FirstOrDefault(words => words[0].Trim() == name) is { Length: 2 } found
            ? double.Parse(found[1], CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"virsh domjobinfo tells no '{name}': {facts}");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
