using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Cli.Host;
using Godwit.Cli.Output;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Cli.Demo;

/// <summary>Boots the demo guest on a cluster that runs, moves it there and back while a client talks to it, and measures.</summary>
public sealed class DemoRun(ApiClient api, JsonObject manifest, TimeProvider clock, bool quiet)
{
    private const int EchoPort = 7;
    private static readonly TimeSpan BootLimit = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan MoveLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan BeforeMove = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeptInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan GapMargin = TimeSpan.FromSeconds(1);

    private readonly ConsoleCollector _console = new(api, clock);
    private volatile string? _address;
    private volatile JsonObject? _vmi;

    private NamespacedName Name { get; } = manifest.Key() is { Namespace.Length: > 0 } key ? key : new(api.Namespace, manifest.Name());

    /// <summary>The whole run; the guest is gone afterwards, however it went.</summary>
    public async Task<(DemoReport Report, GuestConsole Console)> RunAsync(long began, string qemu, CancellationToken ct)
    {
        await CreateAsync(ct);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var stopEcho = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var echo = new EchoClient(() => _address, EchoPort, clock);
        var kept = new KeptConnection(clock, KeptInterval);
        var background = new List<Task>();
        try
        {
            background.Add(FollowVmiAsync(stop.Token));
            var running = await BootAsync(background, stop.Token, ct);
            background.Add(echo.RunAsync(stopEcho.Token));
            await new Deadline(BootLimit, clock).UntilAsync(
                "the guest's first echo", $"godwit logs {Name.Name}", _ => Task.FromResult(echo.Echoes > 0 ? null : $"no answer from {_address} port {EchoPort}"), ct);
            var setup = clock.GetElapsedTime(began).TotalMilliseconds;
            background.Add(kept.RunAsync(_address!, EchoPort, stopEcho.Token));
            Tell($"The guest answers at {_address} on {VmiFacts.Node(running)}, {Figures.Duration(setup)} after the start.");
            await Task.Delay(BeforeMove, clock, ct);

            var home = VmiFacts.Node(running)!;
            var away = (await api.ListAsync(Resources.Node, ct: ct)).Items.Select(static n => n.Name()).Where(n => n != home).Order(StringComparer.Ordinal).First();
            var moves = new List<Move>();
            foreach (var target in (string[])[away, home])
            {
                var move = await MoveAsync(target, ct);
                moves.Add(move);
                if (!move.Facts.Succeeded)
                {
                    Say.Error($"The migration to {target} failed: {move.Facts.Failure ?? "no reason was recorded"}");
                    break;
                }

                await Task.Delay(BeforeMove, clock, ct);
            }

            await stopEcho.CancelAsync();
            var accelerator = (_vmi ?? running).Text("status", "hardware", "accelerator") ?? "unknown";
            await stop.CancelAsync();
            await Task.WhenAll(background);
            var console = GuestConsole.Read(_console.Pods);
            return (Report(moves, console, echo, kept, setup, qemu, accelerator), console);
        }
        finally
        {
            await stop.CancelAsync();
            await stopEcho.CancelAsync();
            await DeleteAsync();
        }
    }

    private async Task CreateAsync(CancellationToken ct)
    {
        if (await api.TryGetAsync(Resources.Vmi, Name, ct) is not null)
        {
            throw new CliException($"There is a VMI {Name.Name} in namespace {Name.Namespace} already.", $"Remove it: kubectl delete vmi {Name.Name} -n {Name.Namespace}");
        }

        var vmi = manifest.Clone();
        vmi.Ensure("metadata")["namespace"] = Name.Namespace;
        _vmi = await api.CreateAsync(Resources.Vmi, vmi, ct: ct);
    }

    private async Task<JsonObject> BootAsync(List<Task> background, CancellationToken stop, CancellationToken ct)
    {
        background.Add(_console.RunAsync(_vmi!, stop));
        var running = await new ObjectFollower(api, clock).UntilAsync(
            Resources.Vmi,
            Name,
            static vmi => VmiFacts.Phase(vmi) == VmiPhases.Failed
                || (VmiFacts.Phase(vmi) == VmiPhases.Running && VmiFacts.Address(vmi) is not null && Lookups.HasCondition(vmi, "LiveMigratable")),
            BootLimit,
            $"the VMI {Name.Name} to run and be migratable",
            ct);
        if (running is null || VmiFacts.Phase(running) == VmiPhases.Failed)
        {
            throw new CliException($"The VMI {Name.Name} failed to start{ObjectFollower.Reason(running)}.", $"Look at: godwit logs {Name.Name}, kubectl describe vmi {Name.Name}", ExitCodes.Failed);
        }

        await new Deadline(BootLimit, clock).UntilAsync(
            "the guest to boot", $"godwit logs {Name.Name}", _ => Task.FromResult(_console.Shows("MG READY") ? null : "its console does not say MG READY"), ct);
        return running;
    }

    private async Task FollowVmiAsync(CancellationToken ct)
    {
        try
        {
            await foreach (var vmi in new ObjectFollower(api, clock).FollowAsync(Resources.Vmi, Name, ct))
            {
                if (vmi is not null)
                {
                    _vmi = vmi;
                    _address = VmiFacts.Address(vmi) ?? _address;
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task<Move> MoveAsync(string target, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        DateTimeOffset? running = null;
        var created = await MigrationRequest.CreateAsync(api, Name, target, ct);
        var outcome = await MigrationProgress.FollowAsync(api, created.Key(), quiet, MoveLimit, clock, ct, Observe)
            ?? throw new CliException($"The migration {created.Name()} was deleted by somebody.", exitCode: ExitCodes.Failed);
        var total = clock.GetElapsedTime(began).TotalMilliseconds;
        var vmi = await api.GetAsync(Resources.Vmi, Name, ct: ct);
        return new(outcome, target, total, vmi.Text("status", "migrationMethod") ?? "", running);

        void Observe(MigrationFacts facts)
        {
            if (facts.Phase == MigrationPhases.Running)
            {
                running ??= clock.GetUtcNow();
            }
        }
    }

    private DemoReport Report(
        IEnumerable<Move> moves, GuestConsole console, EchoClient echo, KeptConnection kept, double setup, string qemu, string accelerator) => new()
        {
            Migrations = [.. moves.Select(m => new DemoMigration
        {
            Vmi = Name.Name,
            From = m.Facts.From ?? "",
            To = m.Facts.To ?? m.To,
            Method = m.Method,
            Mode = m.Facts.Mode,
            Succeeded = m.Facts.Succeeded,
            TotalMs = Math.Round(m.Total, 1),
            PauseMs = Math.Round(m.Facts.PauseMs ?? 0, 1),
            GuestPauseMs = m.Facts is { Paused: { } paused, Resumed: { } resumed }
                ? Math.Round(console.LargestGap(paused - GapMargin, resumed + GapMargin).TotalMilliseconds, 1)
                : 0,
            Bytes = m.Facts.Bytes ?? 0,
            RateMiBps = Math.Round((m.Facts.Bytes ?? 0) / m.TransferSeconds / (1 << 20), 1),
        })],
            Guest = new()
            {
                Ticks = console.Ticks,
                LostTicks = console.LostTicks,
                MemoryErrors = console.MemoryErrors,
                DiskErrors = console.DiskErrors,
                Echoes = echo.Echoes,
                EchoErrors = echo.Errors,
                LongestEchoMs = Math.Round(echo.Longest.TotalMilliseconds, 1),
                KeptConnections = kept.Lives ? 1 : 0,
                KeptConnectionErrors = kept.Errors,
            },
            SetupMs = Math.Round(setup, 0),
            Qemu = qemu,
            Accelerator = accelerator,
        };

    private async Task DeleteAsync()
    {
        using var deadline = new CancellationTokenSource(EndLimit, clock);
        try
        {
            foreach (var migration in (await api.ListAsync(Resources.Migration, Name.Namespace, ct: deadline.Token)).Items)
            {
                if (migration.Text("spec", "vmiName") == Name.Name)
                {
                    await api.TryDeleteAsync(Resources.Migration, migration.Key(), ct: deadline.Token);
                }
            }

            await api.TryDeleteAsync(Resources.Vmi, Name, ct: deadline.Token);
            await new ObjectFollower(api, clock).UntilAsync(
                Resources.Vmi, Name, static _ => false, EndLimit, $"the VMI {Name.Name} to be gone", deadline.Token);
        }
        catch (Exception e) when (e is ApiException or CliException or OperationCanceledException)
        {
            Say.Warning($"The demo guest could not be removed: {e.Message}");
        }
    }

    private void Tell(string text)
    {
        if (!quiet)
        {
            Say.Note(text);
        }
    }

    /// <summary>One move as it was seen from here.</summary>
    private sealed record Move(MigrationFacts Facts, string To, double Total, string Method, DateTimeOffset? Running)
    {
        /// <summary>
        /// From the phase Running, as seen here, until the guest ran at its target. The status has its start and end in
        /// whole seconds, which is too coarse for a rate.
        /// </summary>
        public double TransferSeconds => Running is { } began && Facts.Resumed is { } end && end > began ? (end - began).TotalSeconds : Total / 1000;
    }
}
