using Godwit.Integration.VirtHandler;
using Godwit.Qemu;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.Migration;

/// <summary>With real QEMUs: a guest that stands still because a disk is full goes on when there is room, also while it moves.</summary>
public sealed class FullDiskMigrationTests
{
    /// <summary>Writes block after block of its disk, and takes more and more room for a minute.</summary>
    private const string Writer = "mg.tick=10 mg.mem=48 mg.rate=2 mg.disk=/dev/vda mg.diskmb=128 mg.diskrate=2";
    private const int DiskMiB = 128;
    private const int RoomMiB = 192;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_guest_that_was_stopped_before_it_moved_goes_on_during_the_move_as_soon_as_there_is_room()
    {
        Tool.RequireRoot();
        await using var disk = await SmallDisk.MountAsync(RoomMiB);
        await using var pair = await Pair.BootAsync(
            Writer, diskMiB: DiskMiB, configuration: new MigrationConfiguration { BandwidthPerMigration = "4Mi" }, sourceDisks: disk.Folder);
        disk.Fill();
        await using var source = await pair.Source.ConnectAsync();
        await StoppedAsync(source);
        pair.Go();
        await pair.Record.UntilAsync(static v => v.Status!.MigrationState!.Transfer?.Pass >= 1, TimeSpan.FromSeconds(30));
        var seen = pair.Source.Lines.Count;

        disk.MakeRoom();

        await pair.Source.LineAsync(static l => l.StartsWith("T ", StringComparison.Ordinal), seen);
        pair.Record.Now.Status!.MigrationState!.Completed.ShouldNotBe(true, "it is to go on before the move is over");
        pair.Record.Events.ShouldContain(static e => e.Contains("a disk refused the guest a write", StringComparison.Ordinal));
        await pair.AbortAsync();
        await pair.EndAsync();
        ShouldBeUnhurt(pair);
    }

    [Fact]
    public async Task A_guest_that_is_still_stopped_when_all_of_it_has_moved_goes_on_at_the_target()
    {
        Tool.RequireRoot();
        await using var disk = await SmallDisk.MountAsync(RoomMiB);
        await using var pair = await Pair.BootAsync(Writer, diskMiB: DiskMiB, sourceDisks: disk.Folder);
        disk.Fill();
        await using (var source = await pair.Source.ConnectAsync())
        {
            await StoppedAsync(source);
        }

        pair.Go();
        var vmi = await pair.EndAsync();

        vmi.Status!.MigrationState!.Failed.ShouldNotBe(true, $"{vmi.Status.MigrationState.FailureReason}; {pair.Target.Errors}");
        vmi.Status.OwnerPodUID.ShouldBe(Pair.TargetPod);
        await pair.Target.LineAsync(static l => l.StartsWith("T ", StringComparison.Ordinal));
        (await pair.Source.ExitAsync()).ShouldBe(0, pair.Source.Errors);
        ShouldBeUnhurt(pair);
    }

    [Fact]
    public async Task A_guest_that_is_stopped_at_the_target_while_its_memory_arrives_goes_on_as_soon_as_there_is_room()
    {
        Tool.RequireRoot();
        await using var disk = await SmallDisk.MountAsync(RoomMiB);
        await using var pair = await Pair.BootAsync(
            Writer.Replace("mg.mem=48", "mg.mem=96", StringComparison.Ordinal),
            diskMiB: DiskMiB,
            configuration: new MigrationConfiguration { BandwidthPerMigration = "4Mi", AllowPostCopy = true, AllowWorkloadDisruption = true, CompletionTimeoutPerGiB = 2 },
            targetDisks: disk.Folder);
        pair.Go();
        await pair.Record.UntilAsync(static v => v.Status!.MigrationState!.TargetNodeDomainReadyTimestamp is not null, TimeSpan.FromSeconds(30));
        pair.Record.Now.Status!.MigrationState!.Mode.ShouldBe(MigrationModes.PostCopy);
        disk.Fill();
        await using var target = await pair.Target.ConnectAsync();
        await StoppedAsync(target);
        var seen = pair.Target.Lines.Count;

        disk.MakeRoom();

        await pair.Target.LineAsync(static l => l.StartsWith("T ", StringComparison.Ordinal), seen);
        pair.Record.Now.Status!.MigrationState!.Completed.ShouldNotBe(true, "it is to go on before all of its memory is there");
        var vmi = await pair.EndAsync();
        vmi.Status!.MigrationState!.Failed.ShouldNotBe(true, vmi.Status.MigrationState.FailureReason);
        ShouldBeUnhurt(pair);
    }

    /// <summary>Waits until a disk has stopped the guest.</summary>
    private static async Task StoppedAsync(QmpClient qmp)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            var position = qmp.Events.Position;
            if ((await qmp.QueryStatusAsync(patience.Token)).Status == RunStates.IoError)
            {
                return;
            }

            await qmp.Events.ChangedAsync(position).WaitAsync(patience.Token);
        }
    }

    private static void ShouldBeUnhurt(Pair pair)
    {
        var ticks = pair.Ticks;
        ticks.ShouldBe(Enumerable.Range(0, ticks.Count).Select(i => ticks[0] + i), ignoreOrder: false);
        pair.Source.Lines.Concat(pair.Target.Lines).ShouldNotContain(static l =>
            l.Contains("CORRUPT", StringComparison.Ordinal) || l.Contains("ERR ", StringComparison.Ordinal) || l.Contains("BUG:", StringComparison.Ordinal));
    }
}
