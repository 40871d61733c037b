using System.Text.Json;
using Godwit.Qemu;
using Godwit.VirtHandler.Boot;
using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

public sealed class PhasesTests
{
    [Fact]
    public void A_status_of_an_earlier_migration_is_not_taken_for_this_one()
    {
        Phases.OfSource(begun: false, MigrationStates.Completed, RunStates.Running).ShouldBe(SourcePhase.Idle);
        Phases.OfSource(begun: false, MigrationStates.Failed, RunStates.Running).ShouldBe(SourcePhase.Idle);
        Phases.OfSource(begun: true, MigrationStates.Completed, RunStates.Running).ShouldBe(SourcePhase.Failed);
    }

    [Theory]
    [InlineData(MigrationStates.Active, RunStates.Running, SourcePhase.EarlierUnderWay)]
    [InlineData(MigrationStates.PreSwitchover, RunStates.FinishMigrate, SourcePhase.EarlierUnderWay)]
    [InlineData(MigrationStates.Device, RunStates.FinishMigrate, SourcePhase.EarlierUnderWay)]
    [InlineData(MigrationStates.Completed, RunStates.PostMigrate, SourcePhase.EarlierCompleted)]
    [InlineData(MigrationStates.Completed, RunStates.Paused, SourcePhase.Idle)]
    [InlineData(null, RunStates.Running, SourcePhase.Idle)]
    public void What_an_earlier_attempt_has_left_in_QEMU_is_seen(string? status, string runState, SourcePhase phase) =>
        Phases.OfSource(begun: false, status, runState).ShouldBe(phase);

    [Theory]
    [InlineData(null, RunStates.Running, SourcePhase.Idle)]
    [InlineData(MigrationStates.Setup, RunStates.Running, SourcePhase.Setup)]
    [InlineData(MigrationStates.Active, RunStates.Running, SourcePhase.Active)]
    [InlineData(MigrationStates.PreSwitchover, RunStates.FinishMigrate, SourcePhase.PreSwitchover)]
    [InlineData(MigrationStates.Device, RunStates.FinishMigrate, SourcePhase.Device)]
    [InlineData(MigrationStates.Cancelling, RunStates.Running, SourcePhase.Cancelling)]
    [InlineData(MigrationStates.Completed, RunStates.PostMigrate, SourcePhase.Completed)]
    [InlineData(MigrationStates.Completed, RunStates.FinishMigrate, SourcePhase.Device)]
    [InlineData(MigrationStates.Cancelled, RunStates.FinishMigrate, SourcePhase.Cancelling)]
    [InlineData(MigrationStates.Cancelled, RunStates.Running, SourcePhase.Failed)]
    [InlineData("a-state-of-the-future", RunStates.Running, SourcePhase.Active)]
    public void The_sources_phase_is_what_QEMU_says(string? status, string runState, SourcePhase phase) =>
        Phases.OfSource(begun: true, status, runState).ShouldBe(phase);

    [Theory]
    [InlineData(null, RunStates.InMigrate, TargetPhase.Waiting)]
    [InlineData(MigrationStates.None, RunStates.InMigrate, TargetPhase.Waiting)]
    [InlineData(MigrationStates.Setup, RunStates.InMigrate, TargetPhase.Listening)]
    [InlineData(MigrationStates.Active, RunStates.InMigrate, TargetPhase.Receiving)]
    [InlineData(MigrationStates.Completed, RunStates.Paused, TargetPhase.Loaded)]
    [InlineData(MigrationStates.Completed, RunStates.Running, TargetPhase.Running)]
    [InlineData(MigrationStates.PostcopyActive, RunStates.InMigrate, TargetPhase.Receiving)]
    [InlineData(MigrationStates.PostcopyActive, RunStates.Paused, TargetPhase.PostCopyHeld)]
    [InlineData(MigrationStates.PostcopyActive, RunStates.Running, TargetPhase.PostCopyRunning)]
    [InlineData(MigrationStates.Failed, RunStates.InMigrate, TargetPhase.Failed)]
    public void The_targets_phase_is_what_QEMU_says(string? status, string runState, TargetPhase phase)
    {
        Phases.OfTarget(status, runState, mayHaveRun: false).ShouldBe(phase);
        Phases.OfTarget(status, runState, mayHaveRun: true).ShouldBe(phase);
    }

    [Theory]
    [InlineData(RunStates.IoError)]
    [InlineData(RunStates.GuestPanicked)]
    [InlineData(RunStates.Shutdown)]
    public void A_guest_that_had_come_to_a_halt_before_it_moved_has_not_run_at_the_target(string runState)
    {
        Phases.OfTarget(MigrationStates.Completed, runState, mayHaveRun: false).ShouldBe(TargetPhase.Loaded);
        Phases.OfTarget(MigrationStates.Completed, runState, mayHaveRun: true).ShouldBe(TargetPhase.Running);
        Phases.OfTarget(MigrationStates.PostcopyActive, runState, mayHaveRun: true).ShouldBe(TargetPhase.PostCopyRunning);
    }

    [Fact]
    public void A_copy_that_ends_by_itself_is_broken_and_one_that_was_told_to_is_not()
    {
        JobInfo[] ended = [new("m-0", "mirror", "concluded", 10, 10, null)];
        Phases.OfMirrors(ended, ending: false).ShouldBe(MirrorPhase.Broken);
        Phases.OfMirrors(ended, ending: true).ShouldBe(MirrorPhase.Ready);
    }

    [Fact]
    public void At_the_switch_a_copy_is_ready_only_when_nothing_is_left()
    {
        JobInfo[] job = [new("m-0", "mirror", "ready", 9, 10, null)];
        Phases.OfMirrors(job, ending: false).ShouldBe(MirrorPhase.Ready);
        Phases.OfMirrors(job, ending: true).ShouldBe(MirrorPhase.Copying);
        Phases.OfMirrors([job[0] with { Error = "Input/output error" }], ending: true).ShouldBe(MirrorPhase.Broken);
    }

    [Fact]
    public void Only_a_last_word_that_says_completed_counts_as_a_completion()
    {
        Phases.SaysCompleted([]).ShouldBeFalse();
        Phases.SaysCompleted([Told(0, "device"), Told(1, "completed"), Other(2)]).ShouldBeTrue();
        Phases.SaysCompleted([Told(0, "device")]).ShouldBeFalse();
        Phases.SaysCompleted([Told(0, "completed"), Told(1, "failed")]).ShouldBeFalse();
        Phases.SaysNoEnd([Told(0, "device"), Other(1)]).ShouldBeTrue();
        Phases.SaysNoEnd([Told(0, "device"), Told(1, "failed")]).ShouldBeFalse();
    }

    [Fact]
    public void A_guest_moves_from_setup_until_the_end_of_its_migration_has_been_looked_at()
    {
        GuestState.IsMoving([], 0).ShouldBeFalse();
        GuestState.IsMoving([Told(0, "setup"), Other(1)], 2).ShouldBeTrue();
        GuestState.IsMoving([Told(0, "active"), Told(1, "completed")], 1).ShouldBeTrue();
        GuestState.IsMoving([Told(0, "active"), Told(1, "completed")], 2).ShouldBeFalse();
        GuestState.IsMoving([Told(0, "failed"), Other(1)], 1).ShouldBeFalse();
        GuestState.IsMoving([Told(0, "postcopy-active"), Other(1)], 1).ShouldBeFalse("post-copy may last, and its guest runs");
    }

    private static QmpEvent Told(long position, string status) =>
        new(position, "MIGRATION", JsonDocument.Parse($$"""{"status":"{{status}}"}""").RootElement, default);

    private static QmpEvent Other(long position) => new(position, "STOP", default, default);
}
