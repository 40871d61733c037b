using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Qemu;
using Godwit.Types;

namespace Godwit.Perf.Peers;

/// <summary>Godwit as a user meets it: a migration is created, and it is over when the API says so.</summary>
internal sealed class GodwitPeer : IPeer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly TestCluster _cluster;
    private readonly string _guest;
    private readonly int _supervisor;
    private readonly GuestTicks _ticks;
    private GuestConsole _console;
    private VirtualMachineInstance _vmi;
    private int _moves;

    private GodwitPeer(TestCluster cluster, VirtualMachineInstance vmi, GuestConsole console, GuestTicks ticks)
    {
        _cluster = cluster;
        _guest = vmi.Metadata.Name!;
        _vmi = vmi;
        _supervisor = cluster.SupervisorPid();
        _console = console;
        _ticks = ticks;
    }

    public string Name => "godwit";

    /// <summary>Where the pause of each move so far went.</summary>
    public List<PauseRecord> Pauses { get; } = [];

    public static async Task<GodwitPeer> BootAsync(TestCluster cluster, string name, int memoryMiB, CancellationToken ct)
    {
        var vmi = await cluster.CreateGuestAsync(name, manifest => Plain(manifest, memoryMiB), ct);
        var ticks = new GuestTicks();
        var console = await GuestConsole.ConnectAsync(FolderOf(cluster, vmi), DomainFolder.SerialSocket, ticks, ct);
        await console.ReadyAsync(ct);
        await console.RestAsync(ct);
        return new GodwitPeer(cluster, vmi, console, ticks);
    }

    /// <summary>What this guest's QEMU was started with.</summary>
    public Domain ReadDomain() => _cluster.ReadDomain(_vmi.Status!.NodeName!, _vmi.Status.OwnerPodUID!);

    /// <summary>Takes the settings that one case needs; they hold from the next migration on.</summary>
    public async Task ConfigureAsync(MoveCase what, CancellationToken ct)
    {
        await _cluster.ConfigureMigrationsAsync(
            new JsonObject
            {
                ["disableTLS"] = !what.Tls,
                ["bandwidthPerMigration"] = what.LinkMiB > 0 ? string.Create(CultureInfo.InvariantCulture, $"{what.LinkMiB}Mi") : null,
                ["completionTimeoutPerGiB"] = what.NeverEnds ? (long)MoveCase.Stop.TotalSeconds : null,
                ["allowWorkloadDisruption"] = what.NeverEnds ? true : null,
            },
            ct);
        // virt-controller reads them from its cache, which hears of it in a moment; whether it had is seen in each migration.
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, ct);
    }

    public Task WakeAsync(MoveCase what, CancellationToken ct) => _console.WakeAsync(what.DirtyMiB, ct);

    public Task RestAsync(CancellationToken ct) => _console.RestAsync(ct);

    public async Task<PeerMove> MoveAsync(MoveCase what, int streams, CancellationToken ct)
    {
        _ticks.Restart();
        await using var source = new QemuCpu(TestCluster.InPod(_vmi.Status!.OwnerPodUID!, "qemu-system").Pid);
        var before = CpuTimes.OfTree(_supervisor);
        var arriving = ListenAtTargetAsync(_vmi.Status.OwnerPodUID!, ct);
        var hop = await GodwitHop.RunAsync(_cluster, _moves++, ct, _guest);
        var console = await arriving;
        await Task.Delay(PeerBench.After, TimeProvider.System, ct);
        await _console.DisposeAsync();
        _console = console;
        _vmi = await _cluster.GuestAsync(ct, _guest);
        var qemu = source.Used + (CpuTimes.Of(TestCluster.InPod(_vmi.Status!.OwnerPodUID!, "qemu-system").Pid) ?? 0);
        var state = hop.State;
        if (state.Tls != what.Tls || state.MigrationConfiguration?.CompletionTimeoutPerGiB is { } limit && what.NeverEnds && limit != (long)MoveCase.Stop.TotalSeconds)
        {
            throw new InvalidOperationException($"{_guest} moved with other settings than the case '{what.Name}' asks for");
        }

        var pause = PauseRecord.Parse(await CommitLineAsync(state, ct), state.PauseMs!.Value);
        Pauses.Add(pause);
        return new PeerMove
        {
            TotalMs = hop.TotalMs,
            PauseMs = state.PauseMs.Value,
            GuestPauseMs = PeerBench.GuestPause(_ticks),
            Bytes = state.Transfer?.TransferredBytes ?? double.NaN,
            FlowMs = pause.FlowMs,
            OwnCpu = CpuTimes.OfTree(_supervisor) - before - qemu,
            QemuCpu = qemu,
            Streams = state.MultifdChannels ?? 0,
        };
    }

    public async ValueTask DisposeAsync() => await _console.DisposeAsync();

    private static string FolderOf(TestCluster cluster, VirtualMachineInstance vmi) =>
        cluster.DomainFolderOf(vmi.Status!.NodeName!, vmi.Status.OwnerPodUID!);

    /// <summary>Without disks and network, which the three drivers would treat differently: memory is what is compared.</summary>
    private static void Plain(JsonObject manifest, int memoryMiB)
    {
        var spec = manifest["spec"]!.AsObject();
        spec.Remove("networks");
        spec.Remove("volumes");
        var domain = spec["domain"]!.AsObject();
        domain["memory"]!["guest"] = string.Create(CultureInfo.InvariantCulture, $"{memoryMiB}Mi");
        domain["firmware"]!["kernelBoot"]!["kernelArgs"] = PeerBench.KernelArguments(memoryMiB);
        domain["devices"] = new JsonObject { ["autoattachGraphicsDevice"] = false, ["autoattachPodInterface"] = false };
    }

    private async Task<GuestConsole> ListenAtTargetAsync(string sourcePod, CancellationToken ct)
    {
        var state = (await _cluster.WatchAsync(
            Kinds.VirtualMachineInstance,
            TypesJson.Default.VirtualMachineInstance,
            _guest,
            vmi => vmi.Status?.MigrationState is { TargetPodUID.Length: > 0 } now && now.SourcePodUID == sourcePod,
            ct)).Status!.MigrationState!;
        return await GuestConsole.ConnectAsync(_cluster.DomainFolderOf(state.TargetNode!, state.TargetPodUID!), DomainFolder.SerialSocket, _ticks, ct);
    }

    /// <summary>The agent's log is written behind its back, a moment later.</summary>
    private async Task<string> CommitLineAsync(MigrationState state, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        while (true)
        {
            if (_cluster.AgentLog(state.SourceNode!, "commit written").LastOrDefault(line => line.Contains(state.MigrationUid!, StringComparison.Ordinal)) is { } line)
            {
                return line;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }
}
