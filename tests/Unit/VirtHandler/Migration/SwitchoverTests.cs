using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

public sealed class SwitchoverTests
{
    private static readonly SourceFacts Source = new() { Owner = Owner.Source, Phase = SourcePhase.Idle, TargetListening = true };
    private static readonly TargetFacts Target = new() { Owner = Owner.Source, Phase = TargetPhase.NotPrepared };

    [Fact]
    public void A_source_starts_when_its_target_listens() =>
        Decide(Source).ShouldBe(SourceAction.Start);

    [Fact]
    public void A_source_waits_for_its_target() =>
        Decide(Source with { TargetListening = false }).ShouldBe(SourceAction.Wait);

    [Fact]
    public void Memory_goes_only_when_all_disks_are_copied()
    {
        var prepared = Source with { Prepared = true, HasMirrors = true };
        Decide(prepared with { Mirrors = MirrorPhase.Copying }).ShouldBe(SourceAction.Wait);
        Decide(prepared with { Mirrors = MirrorPhase.Ready }).ShouldBe(SourceAction.Migrate);
        Decide(prepared with { Mirrors = MirrorPhase.Broken }).ShouldBe(SourceAction.RecordFailure);
        Decide(prepared).ShouldBe(SourceAction.RecordFailure);
    }

    [Fact]
    public void At_the_switch_the_copies_of_disks_end_before_QEMU_goes_on()
    {
        var standing = Source with { Phase = SourcePhase.PreSwitchover, HasMirrors = true, GuestStopped = true };
        Decide(standing with { Mirrors = MirrorPhase.Ready }).ShouldBe(SourceAction.EndMirrors);
        Decide(standing with { Mirrors = MirrorPhase.Broken }).ShouldBe(SourceAction.Cancel);
        Decide(standing).ShouldBe(SourceAction.Continue);
    }

    [Fact]
    public void Nobody_goes_into_the_switch_without_hearing_the_API_server_and_the_guest_does_not_stand_still_for_it()
    {
        var deaf = Source with { Phase = SourcePhase.PreSwitchover, GuestStopped = true, SinceAnswer = Ms(301), MayStand = Ms(450) };
        Decide(deaf with { Standing = Ms(450) }).ShouldBe(SourceAction.Wait);
        Decide(deaf with { Standing = Ms(451) }).ShouldBe(SourceAction.Cancel);
        Decide(deaf with { Standing = Ms(451), SinceAnswer = Ms(300) }).ShouldBe(SourceAction.Continue);
    }

    [Theory]
    [InlineData(SourcePhase.Idle, SourceAction.RetryWrite)]
    [InlineData(SourcePhase.Setup, SourceAction.RetryWrite)]
    [InlineData(SourcePhase.Active, SourceAction.RetryWrite)]
    [InlineData(SourcePhase.Switching, SourceAction.Wait)]
    [InlineData(SourcePhase.PreSwitchover, SourceAction.Continue)]
    [InlineData(SourcePhase.Device, SourceAction.Wait)]
    [InlineData(SourcePhase.Completed, SourceAction.Commit)]
    [InlineData(SourcePhase.PostCopy, SourceAction.Wait)]
    public void A_write_that_a_disk_refused_is_tried_again_until_the_switch(SourcePhase phase, SourceAction action)
    {
        var refused = Source with { Phase = phase, Prepared = true, RetryDue = true };
        Decide(refused).ShouldBe(action);
        Decide(refused with { Owner = Owner.Target }).ShouldNotBe(SourceAction.RetryWrite);
        Decide(refused with { AbortRequested = true }).ShouldNotBe(SourceAction.RetryWrite);
        Decide(refused with { Failed = true }).ShouldNotBe(SourceAction.RetryWrite);
    }

    [Fact]
    public void A_write_that_a_disk_refused_at_the_target_is_tried_again_while_memory_arrives()
    {
        var running = Target with { Owner = Owner.Target, Phase = TargetPhase.PostCopyRunning, MayHaveRun = true, PostCopy = true, RetryDue = true };
        Decide(running).ShouldBe(TargetAction.RetryWrite);
        Decide(running with { ChannelBroken = true }).ShouldBe(TargetAction.BreakChannel);
        Decide(running with { Owner = Owner.Source }).ShouldBe(TargetAction.End);
        Decide(running with { Phase = TargetPhase.PostCopyHeld }).ShouldBe(TargetAction.Run);
    }

    [Fact]
    public void A_guest_that_came_to_its_end_inside_before_it_moved_is_not_told_to_run()
    {
        var loaded = Target with { Owner = Owner.Target, Phase = TargetPhase.Loaded, Halted = true };
        Decide(loaded).ShouldBe(TargetAction.ReportRunning);
        Decide(loaded with { Halted = false }).ShouldBe(TargetAction.Run);
        Decide(loaded with { RunReported = true }).ShouldBe(TargetAction.Done);
    }

    [Theory]
    [InlineData(SourcePhase.Completed, false, SourceAction.Resume)]
    [InlineData(SourcePhase.PreSwitchover, true, SourceAction.Cancel)]
    public void A_server_whose_answers_are_slow_is_waited_for_twice_as_long_as_they_took_but_not_for_ever(SourcePhase phase, bool postCopy, SourceAction wayBack)
    {
        var slow = Source with { Phase = phase, GuestStopped = true, PostCopy = postCopy, SinceAnswer = Ms(4000), MayStand = Ms(450), AnswerTime = Ms(400) };
        Decide(slow with { Standing = Ms(800) }).ShouldBe(SourceAction.Wait);
        Decide(slow with { Standing = Ms(801) }).ShouldBe(wayBack);
        Decide(slow with { Standing = Ms(3001), AnswerTime = Ms(1900) }).ShouldBe(wayBack);
        Decide(slow with { Standing = Ms(450), AnswerTime = Ms(10) }).ShouldBe(SourceAction.Wait);
        Decide(slow with { Standing = Ms(451), AnswerTime = Ms(10) }).ShouldBe(wayBack);
    }

    [Fact]
    public void The_switch_begins_on_a_slow_servers_answer_too()
    {
        var slow = Source with { Phase = SourcePhase.PreSwitchover, GuestStopped = true, AnswerTime = Ms(400) };
        Decide(slow with { SinceAnswer = Ms(800) }).ShouldBe(SourceAction.Continue);
        Decide(slow with { SinceAnswer = Ms(801) }).ShouldBe(SourceAction.Wait);
    }

    [Theory]
    [InlineData(SourcePhase.Completed, false, SourceAction.Resume)]
    [InlineData(SourcePhase.PreSwitchover, true, SourceAction.Cancel)]
    public void A_commit_is_sent_only_when_the_API_server_has_answered_since_the_guest_stopped(SourcePhase phase, bool postCopy, SourceAction wayBack)
    {
        var standing = Source with { Phase = phase, GuestStopped = true, PostCopy = postCopy, Standing = Ms(20), MayStand = Ms(450) };
        Decide(standing with { SinceAnswer = Ms(20) }).ShouldBe(SourceAction.Commit);
        Decide(standing with { SinceAnswer = Ms(21) }).ShouldBe(SourceAction.Wait);
        var spent = standing with { SinceAnswer = Ms(500), Standing = Ms(451) };
        Decide(spent).ShouldBe(wayBack);
        Decide(spent with { CommitSent = true }).ShouldBe(SourceAction.Wait);
    }

    [Fact]
    public void Where_no_commit_was_sent_the_guest_goes_on_before_the_failure_is_on_record()
    {
        var failed = Source with { Phase = SourcePhase.Failed, GuestStopped = true };
        Decide(failed).ShouldBe(SourceAction.Resume);
        Decide(failed with { GuestStopped = false }).ShouldBe(SourceAction.RecordFailure);
        Decide(failed with { CommitSent = true }).ShouldBe(SourceAction.RecordFailure);
        Decide(failed with { PausedByUser = true }).ShouldBe(SourceAction.RecordFailure);
        Decide(Source with { Phase = SourcePhase.Completed, GuestStopped = true, PausedByUser = true, SinceAnswer = Ms(9000), Standing = Ms(8000) })
            .ShouldBe(SourceAction.Wait);
    }

    [Fact]
    public void A_completed_source_commits_unless_an_abort_stands() =>
        (Decide(Source with { Phase = SourcePhase.Completed, GuestStopped = true }),
            Decide(Source with { Phase = SourcePhase.Completed, GuestStopped = true, AbortRequested = true }))
        .ShouldBe((SourceAction.Commit, SourceAction.RecordFailure));

    [Fact]
    public void A_commit_that_the_server_will_not_take_does_not_leave_the_guest_standing() =>
        (Decide(Source with { Phase = SourcePhase.Completed, GuestStopped = true, CommitRefused = "no" }),
            Decide(Source with { Phase = SourcePhase.PreSwitchover, GuestStopped = true, PostCopy = true, CommitRefused = "no" }))
        .ShouldBe((SourceAction.RecordFailure, SourceAction.Cancel));

    [Fact]
    public void A_silent_channel_is_broken_only_when_the_target_has_the_guest_for_before_that_it_would_end_with_it()
    {
        var silent = Source with { Owner = Owner.Target, PostCopy = true, Phase = SourcePhase.PostCopy, GuestStopped = true, Stalled = true };
        Decide(silent).ShouldBe(SourceAction.Wait);
        Decide(silent with { TargetArrived = true }).ShouldBe(SourceAction.BreakChannel);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_guest_that_an_earlier_attempt_holds_is_let_go_before_anything_else(bool failed)
    {
        var held = Source with { Phase = SourcePhase.EarlierUnderWay, TargetListening = true, Failed = failed };
        Decide(held).ShouldBe(SourceAction.EndEarlier);
        Decide(held with { Stuck = true }).ShouldBe(SourceAction.Yank);
        Decide(held with { Phase = SourcePhase.EarlierCompleted, GuestStopped = true }).ShouldBe(SourceAction.EndEarlier);
        Decide(held with { Phase = SourcePhase.EarlierCompleted, GuestStopped = true, PausedByUser = true })
            .ShouldBe(failed ? SourceAction.Done : SourceAction.Start);
        Decide(held with { Owner = Owner.Target }).ShouldBe(SourceAction.Wait);
    }

    [Fact]
    public void A_source_that_ended_in_post_copy_says_so_once_and_does_not_wait_for_ever()
    {
        var gone = Source with { Owner = Owner.Target, PostCopy = true, Phase = SourcePhase.Gone };
        Decide(gone).ShouldBe(SourceAction.RecordLoss);
        Decide(gone with { LossRecorded = true }).ShouldBe(SourceAction.Done);
        Decide(gone with { TargetRuns = true }).ShouldBe(SourceAction.Done);
    }

    [Theory]
    [InlineData(TargetPhase.PostCopyPaused, false, TargetAction.RecoverChannel)]
    [InlineData(TargetPhase.PostCopyPaused, true, TargetAction.GiveUp)]
    [InlineData(TargetPhase.PostCopyRunning, true, TargetAction.Wait)]
    [InlineData(TargetPhase.Running, true, TargetAction.ReportRunning)]
    public void A_target_gives_its_guest_up_only_when_it_lacks_what_ended_with_the_source(TargetPhase phase, bool lost, TargetAction action) =>
        Switchover.DecideTarget(new TargetFacts
        {
            Owner = Owner.Target,
            PostCopy = true,
            ArrivalReported = true,
            MayHaveRun = true,
            SourceLost = lost,
            Phase = phase,
        }).Action.ShouldBe(action);

    [Fact]
    public void A_monitor_that_gives_up_too_late_does_not_stop_the_commit() =>
        Decide(Source with { Phase = SourcePhase.Completed, GuestStopped = true, GivenUp = "too slow" }).ShouldBe(SourceAction.Commit);

    [Fact]
    public void The_source_goes_on_only_after_the_failure_is_on_record()
    {
        var refused = Source with { Phase = SourcePhase.Completed, GuestStopped = true, AbortRequested = true };
        Decide(refused).ShouldBe(SourceAction.RecordFailure);
        Decide(refused with { Failed = true }).ShouldBe(SourceAction.Resume);
    }

    [Fact]
    public void A_guest_that_its_user_paused_stays_paused_after_a_failure() =>
        Decide(Source with { Phase = SourcePhase.Failed, Failed = true, GuestStopped = true, PausedByUser = true }).ShouldBe(SourceAction.Done);

    [Theory]
    [InlineData(SourcePhase.Idle)]
    [InlineData(SourcePhase.Active)]
    [InlineData(SourcePhase.PreSwitchover)]
    [InlineData(SourcePhase.Completed)]
    [InlineData(SourcePhase.Failed)]
    public void After_the_commit_the_source_never_runs_and_ends_only_when_the_target_does(SourcePhase phase)
    {
        var committed = Source with { Owner = Owner.Target, Phase = phase, GuestStopped = true };
        Decide(committed).ShouldBe(SourceAction.Wait);
        Decide(committed with { Failed = true, AbortRequested = true }).ShouldBe(SourceAction.Wait);
        Decide(committed with { TargetRuns = true }).ShouldBe(SourceAction.Finish);
    }

    [Fact]
    public void A_record_that_names_a_stranger_is_not_acted_on() =>
        Decide(Source with { Owner = Owner.Other, Phase = SourcePhase.Completed, GuestStopped = true }).ShouldBe(SourceAction.Done);

    [Theory]
    [InlineData(SourcePhase.Setup)]
    [InlineData(SourcePhase.Active)]
    [InlineData(SourcePhase.PreSwitchover)]
    [InlineData(SourcePhase.Device)]
    public void An_abort_cancels_in_every_phase(SourcePhase phase) =>
        Decide(Source with { Phase = phase, AbortRequested = true }).ShouldBe(SourceAction.Cancel);

    [Theory]
    [InlineData(SourcePhase.Device)]
    [InlineData(SourcePhase.Cancelling)]
    [InlineData(SourcePhase.Unreachable)]
    public void A_QEMU_that_hangs_is_yanked(SourcePhase phase) =>
        Decide(Source with { Phase = phase, Stuck = true }).ShouldBe(SourceAction.Yank);

    [Theory]
    [InlineData(TargetPhase.NotPrepared, TargetAction.Prepare)]
    [InlineData(TargetPhase.Starting, TargetAction.Wait)]
    [InlineData(TargetPhase.Waiting, TargetAction.Listen)]
    [InlineData(TargetPhase.Listening, TargetAction.Publish)]
    [InlineData(TargetPhase.Receiving, TargetAction.Wait)]
    [InlineData(TargetPhase.Loaded, TargetAction.Wait)]
    [InlineData(TargetPhase.Running, TargetAction.End)]
    public void A_target_prepares_and_never_runs_without_owning(TargetPhase phase, TargetAction action) =>
        Switchover.DecideTarget(Target with { Phase = phase }).Action.ShouldBe(action);

    [Fact]
    public void A_target_that_owns_closes_its_exports_then_runs_then_reports_then_cleans_up()
    {
        var owning = Target with { Owner = Owner.Target, Phase = TargetPhase.Loaded, ExportsOpen = true, HasLeftovers = true };
        Switchover.DecideTarget(owning).Action.ShouldBe(TargetAction.CloseExports);
        Switchover.DecideTarget(owning with { ExportsOpen = false }).Action.ShouldBe(TargetAction.Run);
        var running = owning with { ExportsOpen = false, Phase = TargetPhase.Running, MayHaveRun = true };
        Switchover.DecideTarget(running).Action.ShouldBe(TargetAction.ReportRunning);
        Switchover.DecideTarget(running with { RunReported = true }).Action.ShouldBe(TargetAction.CleanUp);
        Switchover.DecideTarget(running with { RunReported = true, HasLeftovers = false }).Action.ShouldBe(TargetAction.Done);
    }

    [Fact]
    public void A_target_that_died_before_it_ran_gives_the_record_back_and_one_that_may_have_run_does_not()
    {
        var dead = Target with { Owner = Owner.Target, Phase = TargetPhase.Gone };
        Switchover.DecideTarget(dead).Action.ShouldBe(TargetAction.HandBack);
        Switchover.DecideTarget(dead with { MayHaveRun = true }).Action.ShouldBe(TargetAction.Done);
    }

    [Fact]
    public void A_guest_that_its_user_paused_arrives_paused() =>
        Switchover.DecideTarget(Target with { Owner = Owner.Target, Phase = TargetPhase.Loaded, PausedByUser = true }).Action
            .ShouldBe(TargetAction.ReportRunning);

    [Theory]
    [InlineData(TargetPhase.Waiting)]
    [InlineData(TargetPhase.Listening)]
    [InlineData(TargetPhase.Receiving)]
    [InlineData(TargetPhase.Loaded)]
    [InlineData(TargetPhase.Failed)]
    public void A_target_of_a_failed_or_superseded_migration_is_ended(TargetPhase phase)
    {
        Switchover.DecideTarget(Target with { Phase = phase, Failed = true }).Action.ShouldBe(TargetAction.End);
        Switchover.DecideTarget(Target with { Phase = phase, Superseded = true }).Action.ShouldBe(TargetAction.End);
    }

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static SourceAction Decide(SourceFacts facts) => Switchover.DecideSource(facts).Action;

    private static TargetAction Decide(TargetFacts facts) => Switchover.DecideTarget(facts).Action;
}
