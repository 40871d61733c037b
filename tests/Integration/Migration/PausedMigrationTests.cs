using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Qemu;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.Migration;

/// <summary>With real QEMUs: a guest that its user paused moves, and stands still at the target until its user lets it go on.</summary>
public sealed class PausedMigrationTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_paused_guest_arrives_paused_and_goes_on_where_it_stood()
    {
        await using var pair = await Pair.BootAsync("mg.tick=10 mg.mem=32 mg.rate=5 mg.disk=/dev/vda mg.diskmb=4", diskMiB: 16);
        await PauseAsync(pair);
        pair.Go();

        var vmi = await pair.EndAsync();

        vmi.Status!.MigrationState!.Failed.ShouldNotBe(true, $"{vmi.Status.MigrationState.FailureReason}; {pair.Target.Errors}");
        vmi.Status.OwnerPodUID.ShouldBe(Pair.TargetPod);
        vmi.Status.Conditions.Find(Conditions.Paused)!.Reason.ShouldBe(Reasons.PausedByUser);
        (await pair.Source.ExitAsync()).ShouldBe(0, pair.Source.Errors);
        await using var target = await pair.Target.ConnectAsync();
        (await target.QueryStatusAsync(Ct)).Status.ShouldBe(RunStates.Paused);
        pair.Target.Ticks.ShouldBeEmpty();

        await target.ContinueAsync(Ct);

        await pair.Target.LineAsync(l => l.StartsWith("T ", StringComparison.Ordinal));
        var all = pair.Ticks;
        all.ShouldBe(Enumerable.Range(0, all.Count).Select(i => all[0] + i), ignoreOrder: false);
        pair.Target.Lines.ShouldNotContain(l => l.Contains("CORRUPT", StringComparison.Ordinal) || l.Contains("BUG:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_paused_guest_whose_migration_fails_stays_paused_at_the_source()
    {
        await using var pair = await Pair.BootAsync("mg.tick=10 mg.mem=64 mg.rate=10", configuration: new MigrationConfiguration { BandwidthPerMigration = "8Mi" });
        await PauseAsync(pair);
        pair.Go();
        await pair.Record.UntilAsync(v => v.Status!.MigrationState!.Transfer?.Pass >= 1, TimeSpan.FromSeconds(30));

        await pair.AbortAsync();

        var vmi = await pair.EndAsync();
        vmi.Status!.MigrationState!.Failed.ShouldBe(true);
        await pair.Target.ExitAsync();
        await using var source = await pair.Source.ConnectAsync();
        (await source.QueryStatusAsync(Ct)).Running.ShouldBeFalse();
        await source.ContinueAsync(Ct);
        var seen = pair.Source.Lines.Count;
        await pair.Source.LineAsync(l => l.StartsWith("T ", StringComparison.Ordinal), seen);
    }

    [Fact]
    public async Task A_guest_that_the_monitor_stops_says_so_until_it_runs_at_the_target()
    {
        await using var pair = await Pair.BootAsync("mg.tick=10 mg.mem=48 mg.rate=60", configuration: Disrupting("30Mi"));
        pair.Go();

        var paused = await pair.Record.UntilAsync(IsPaused, TimeSpan.FromSeconds(30));
        paused.Status!.Conditions.Find(Conditions.Paused)!.Reason.ShouldBe(Reasons.PausedByMigrationMonitor);
        paused.Status.MigrationState!.Mode.ShouldBe(MigrationModes.Paused);

        var vmi = await pair.EndAsync();
        vmi.Status!.MigrationState!.Failed.ShouldNotBe(true, $"{vmi.Status.MigrationState.FailureReason}; {pair.Target.Errors}");
        vmi.Status.Conditions.Find(Conditions.Paused).ShouldBeNull();
        await pair.Target.LineAsync(l => l.StartsWith("T ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_guest_that_the_monitor_stopped_goes_on_at_the_source_when_the_migration_is_aborted()
    {
        await using var pair = await Pair.BootAsync("mg.tick=10 mg.mem=48 mg.rate=60", configuration: Disrupting("4Mi"));
        pair.Go();
        await pair.Record.UntilAsync(IsPaused, TimeSpan.FromSeconds(30));
        var seen = pair.Source.Lines.Count;

        await pair.AbortAsync();

        var vmi = await pair.EndAsync();
        vmi.Status!.MigrationState!.Failed.ShouldBe(true);
        await pair.Source.LineAsync(l => l.StartsWith("T ", StringComparison.Ordinal), seen);
        await pair.Target.ExitAsync();
    }

    [Fact]
    public async Task A_guest_that_its_user_paused_stays_so_when_the_monitor_stops_it_too()
    {
        await using var pair = await Pair.BootAsync("mg.tick=10 mg.mem=48 mg.rate=60", configuration: Disrupting("18Mi"));
        await PauseAsync(pair);
        pair.Go();
        await pair.Record.UntilAsync(v => v.Status!.MigrationState!.Mode == MigrationModes.Paused, TimeSpan.FromSeconds(30));

        var vmi = await pair.EndAsync();

        vmi.Status!.MigrationState!.Failed.ShouldNotBe(true, $"{vmi.Status.MigrationState.FailureReason}; {pair.Target.Errors}");
        vmi.Status.Conditions!.Single(c => c.Type == Conditions.Paused).Reason.ShouldBe(Reasons.PausedByUser);
        await using var target = await pair.Target.ConnectAsync();
        (await target.QueryStatusAsync(Ct)).Running.ShouldBeFalse();
    }

    private static bool IsPaused(VirtualMachineInstance vmi) => vmi.Status!.Conditions.IsTrue(Conditions.Paused);

    /// <summary>The guest is a gigabyte by KubeVirt's count: it is stopped after five seconds, and has as many more for the rest, which takes two.</summary>
    private static MigrationConfiguration Disrupting(string bandwidth) =>
        new() { AllowWorkloadDisruption = true, AllowPostCopy = false, CompletionTimeoutPerGiB = 5, BandwidthPerMigration = bandwidth };

    /// <summary>What the node's agent does when it is asked to pause: stop the guest, then say so in the record.</summary>
    private static async Task PauseAsync(Pair pair)
    {
        await using (var qmp = await pair.Source.ConnectAsync(DomainFolder.ControlSocket))
        {
            await qmp.StopAsync(Ct);
        }

        (await pair.Record.PatchAsync(
            [JsonPatch.Add("/status/conditions", new JsonArray(new JsonObject
            {
                ["type"] = Conditions.Paused,
                ["status"] = Conditions.True,
                ["reason"] = Reasons.PausedByUser,
            }))],
            Ct)).ShouldNotBeNull();
    }
}
