using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Cli;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Tests.E2E.Support;
using Godwit.Types;

namespace Godwit.Chaos;

/// <summary>
/// Round after round: two guests move, something goes wrong at a certain step of the first one's move, and when all has come to
/// rest both are judged. A guest that a fault may end and did is made anew.
/// </summary>
internal sealed class ChaosRun(ChaosOptions options, ChaosCluster cluster, ChaosReport report)
{
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan RestLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(250);

    private readonly Guest?[] _guests = new Guest?[2];
    private readonly Random _random = new(options.Seed);
    private readonly ObjectFollower _follower = new(cluster.Api, TimeProvider.System);

    public async Task RunAsync(CancellationToken ct)
    {
        var deck = new Deck(options.Only, _random);
        var began = TimeProvider.System.GetTimestamp();
        for (var number = 1; TimeProvider.System.GetElapsedTime(began) < options.Length && !ct.IsCancellationRequested; number++)
        {
            var (fault, step) = deck.Draw();
            report.Add(await RoundAsync(number, fault, step, ct));
        }

        report.AtTheEnd(await LeaveAsync());
    }

    private async Task<RoundResult> RoundAsync(int number, Fault fault, Step step, CancellationToken ct)
    {
        for (var i = 0; i < _guests.Length; i++)
        {
            _guests[i] ??= await Guest.StartAsync(
                cluster, string.Create(CultureInfo.InvariantCulture, $"chaos-{i}-{number}"), memory: "192Mi", guestMemory: "mg.mem=64", rate: 10);
        }

        var guest = _guests[0]!;
        var result = new RoundResult(number, fault.Name, step);
        await using var tunables = await Tunables.SetAsync(cluster, Settings());
        var from = TimeProvider.System.GetUtcNow();
        var migrations = new List<(Guest Guest, string Name)>();
        foreach (var each in _guests)
        {
            migrations.Add((each!, (await MigrationRequest.CreateAsync(cluster.Api, each!.Name, node: null, ct)).Name()));
        }

        var name = migrations[0].Name;
        result = result with { At = await AtAsync(guest, name, step, ct) };
        var scene = new Scene(cluster, guest, name, _random) { Vmi = await guest.ReadAsync() };
        result = result with { Done = await fault.StrikeAsync(scene, ct) };
        var violations = new List<Violation>(scene.Seen);
        foreach (var (each, its) in migrations)
        {
            var (end, stuck) = await EndAsync(each, its, ct);
            violations.AddRange(stuck);
            if (ReferenceEquals(each, guest))
            {
                result = result with
                {
                    Outcome = end is null ? "deleted" : end.Text("status", "phase") ?? "",
                    Mode = end.Text("status", "migrationState", "mode") ?? "",
                    Reason = end.Text("status", "migrationState", "failureReason"),
                };
            }
        }

        var ended = await RestAsync(scene, fault, violations, ct);
        foreach (var each in _guests)
        {
            violations.AddRange(Witness.OfConsole(each!.Console, fault.SilencesLogs));
            violations.AddRange(Witness.OfRecord(await cluster.Api.TryGetAsync(Kinds.VirtualMachineInstance, each.Name, ct)));
        }

        result = result with
        {
            GuestEnded = ended,
            LongestGapMs = guest.Console.LargestGap(from, TimeProvider.System.GetUtcNow()).TotalMilliseconds,
            Violations = violations,
        };
        await RenewAsync(ended, violations.Count > 0 || fault.SilencesLogs);
        return result;
    }

    /// <summary>One in three rounds may end in post-copy.</summary>
    private (string, JsonNode)[] Settings() => _random.Next(3) == 0
        ? [("bandwidthPerMigration", "8Mi"), ("allowPostCopy", true), ("completionTimeoutPerGiB", 3)]
        : [("bandwidthPerMigration", "24Mi"), ("allowPostCopy", false)];

    /// <summary>Waits for the step, and for a random moment within it; returns where the migration then was.</summary>
    private async Task<string> AtAsync(Guest guest, string migration, Step step, CancellationToken ct)
    {
        Func<JsonObject, bool>? reached = step switch
        {
            Step.Preparing => static m => m.Text("status", "phase") is not (null or "" or MigrationPhases.Pending),
            Step.Copying => static m => m.Text("status", "phase") == MigrationPhases.Running,
            Step.Switching => static m => m.Integer("status", "migrationState", "transfer", "percent") >= 70 || m.Text("status", "migrationState", "mode") == MigrationModes.PostCopy,
            Step.Ended => static m => false,
            _ => null,
        };
        var seen = reached is null
            ? null
            : await _follower.UntilAsync(
                Kinds.VirtualMachineInstanceMigration, new(guest.Name.Namespace, migration), m => Lookups.IsFinal(m) || reached(m), StepLimit, $"{step}", ct);
        await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(step is Step.Created or Step.Ended ? 1 : 1000)), TimeProvider.System, ct);
        return seen is null
            ? "created"
            : string.Create(CultureInfo.InvariantCulture, $"{seen.Text("status", "phase")} {seen.Integer("status", "migrationState", "transfer", "percent")} %");
    }

    private async Task<(JsonObject? End, Violation[] Stuck)> EndAsync(Guest guest, string migration, CancellationToken ct)
    {
        try
        {
            return (await _follower.UntilAsync(Kinds.VirtualMachineInstanceMigration, new(guest.Name.Namespace, migration), Lookups.IsFinal, EndLimit, migration, ct), []);
        }
        catch (CliException e)
        {
            return (null, [new(ViolationKind.Stuck, e.Message)]);
        }
    }

    /// <summary>Waits until each guest has one pod and one QEMU, which runs, and counts on. True: the first was ended, as it may be.</summary>
    private async Task<bool> RestAsync(Scene scene, Fault fault, List<Violation> violations, CancellationToken ct)
    {
        using var deadline = new CancellationTokenSource(RestLimit);
        var ticks = _guests.Select(static g => g!.Console.Ticks).ToArray();
        while (true)
        {
            var (trouble, ended) = await LookAsync(scene, fault, ticks, ct);
            if (trouble is null)
            {
                return ended;
            }

            if (deadline.IsCancellationRequested)
            {
                violations.Add(trouble);
                return ended;
            }

            await Task.Delay(Glance, TimeProvider.System, ct);
        }
    }

    private async Task<(Violation? Trouble, bool Ended)> LookAsync(Scene scene, Fault fault, long[] ticks, CancellationToken ct)
    {
        var ended = false;
        var alive = 0;
        try
        {
            for (var i = 0; i < _guests.Length; i++)
            {
                var guest = _guests[i]!;
                var vmi = await cluster.Api.TryGetAsync(Kinds.VirtualMachineInstance, guest.Name, ct);
                if (vmi is null || VmiFacts.Phase(vmi) is VmiPhases.Failed or VmiPhases.Succeeded)
                {
                    if (i > 0 || !MayEnd(fault, scene, vmi))
                    {
                        return (new(ViolationKind.LostGuest, $"{guest.Name} is {(vmi is null ? "gone" : VmiFacts.Phase(vmi))}"), ended);
                    }

                    ended = true;
                    continue;
                }

                alive++;
                if (await guest.LivingPodsAsync() is { Count: not 1 } pods)
                {
                    return (new(ViolationKind.Leftover, $"{guest.Name} has living pods: {string.Join(", ", pods)}"), ended);
                }

                if (guest.Console.Ticks < ticks[i] + 50)
                {
                    return (new(ViolationKind.LostGuest, $"{guest.Name} is {VmiFacts.Phase(vmi)} and does not count on"), ended);
                }
            }

            // The next move can be asked for: whoever looks at it has come back, too.
            await MigrationRequest.CreateAsync(cluster.Api, _guests[^1]!.Name, node: null, ct, dryRun: true);
        }
        catch (ApiException e)
        {
            return (new(ViolationKind.Stuck, $"the API server: {e.Message}"), ended);
        }

        var qemus = await Witness.QemusAsync(ct);
        var running = qemus.Count(static q => q.State == RunStates.Running);
        return (running, qemus.Count) switch
        {
            var (r, all) when r == alive && all == alive => (null, ended),
            var (r, _) when r > alive => (new(ViolationKind.DoubleRun, $"{r} QEMUs run for {alive} guests"), ended),
            var (r, _) when r < alive => (new(ViolationKind.LostGuest, $"{alive} guests: {string.Join(", ", qemus.Select(static q => q.State))}"), ended),
            _ => (new(ViolationKind.Leftover, $"{qemus.Count} QEMUs for {alive} guests: {string.Join(", ", qemus.Select(static q => q.State))}"), ended),
        };
    }

    /// <summary>A fault ends a guest when it strikes the pod that had it; in post-copy either half is one.</summary>
    private static bool MayEnd(Fault fault, Scene scene, JsonObject? vmi)
    {
        if (vmi.Text("status", "migrationState", "mode") == MigrationModes.PostCopy)
        {
            return fault.IsDeadly || fault.IsDeadlyInPostCopy;
        }

        return fault.IsDeadly && (!fault.StrikesTarget || vmi.Text("status", "ownerPodUID") == scene.TargetPod);
    }

    /// <summary>Guests that have ended are made anew; so are all after a violation, so that the next round is judged by itself.</summary>
    private async Task RenewAsync(bool firstEnded, bool all)
    {
        for (var i = 0; i < _guests.Length; i++)
        {
            if (_guests[i] is { } guest && (all || (i == 0 && firstEnded)))
            {
                await guest.DisposeAsync();
                _guests[i] = null;
            }
        }
    }

    /// <summary>Ends all and looks for what is left.</summary>
    private async Task<IReadOnlyList<Violation>> LeaveAsync()
    {
        await RenewAsync(firstEnded: false, all: true);
        var left = new List<Violation>();
        using var deadline = new CancellationTokenSource(RestLimit);
        string[] things;
        do
        {
            await Task.Delay(Glance, TimeProvider.System, CancellationToken.None);
            things =
            [
                .. PodProcesses.All(PodProcesses.Qemu).Concat(PodProcesses.All(PodProcesses.Launcher)).Where(static p => p.Cgroup.Contains(ChaosCluster.Name, StringComparison.Ordinal)).Select(static p => $"process {p.Pid}"),
                .. (await cluster.Api.ListAsync(Kinds.Secret, Installation.Namespace)).Items.Select(static s => s.Name()).Where(static n => n.StartsWith(Launcher.MigrationSecretName(""), StringComparison.Ordinal)).Select(static n => $"secret {n}"),
                .. (await cluster.Api.ListAsync(Kinds.VirtualMachineInstanceMigration)).Items.Select(static m => $"migration {m.Name()}"),
            ];
        }
        while (things.Length > 0 && !deadline.IsCancellationRequested);
        left.AddRange(things.Select(static t => new Violation(ViolationKind.Leftover, t)));
        await cluster.DisposeAsync();
        left.AddRange(ChaosCluster.Leftovers().Select(static t => new Violation(ViolationKind.Leftover, t)));
        return left;
    }
}
