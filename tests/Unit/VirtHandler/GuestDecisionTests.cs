using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Boot;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler;

public sealed class GuestDecisionTests
{
    private static readonly GuestState Running = new(RunStates.Running, Running: true);

    [Fact]
    public void A_guest_of_another_node_is_left_alone()
    {
        var vmi = Given.Vmi();
        var facts = Given.Facts(vmi with { Status = vmi.Status! with { NodeName = "node02" } });

        GuestDecision.Decide(facts).ShouldBe(new GuestPlan(GuestStep.None));
    }

    [Fact]
    public void A_guest_whose_owner_pod_is_not_here_is_left_alone() =>
        GuestDecision.Decide(Given.Facts() with { Pod = null }).Step.ShouldBe(GuestStep.None);

    [Theory]
    [InlineData(VmiPhases.Pending)]
    [InlineData(VmiPhases.Scheduling)]
    [InlineData(VmiPhases.Succeeded)]
    [InlineData(VmiPhases.Failed)]
    public void Only_scheduled_and_running_guests_are_looked_after(string phase) =>
        GuestDecision.Decide(Given.Facts(Given.Vmi(phase))).Step.ShouldBe(GuestStep.None);

    [Fact]
    public void A_scheduled_guest_without_a_domain_is_prepared() =>
        GuestDecision.Decide(Given.Facts()).Step.ShouldBe(GuestStep.Prepare);

    [Fact]
    public void A_guest_deleted_before_it_was_prepared_is_not_prepared_but_its_launcher_is_told() =>
        GuestDecision.Decide(Given.Facts(Given.Vmi().Deleted())).ShouldBe(new GuestPlan(GuestStep.Wait) { RequestShutdown = true });

    [Fact]
    public void While_QEMU_has_not_answered_there_is_nothing_to_tell() =>
        GuestDecision.Decide(Given.Facts() with { HasDomain = true }).Step.ShouldBe(GuestStep.Wait);

    [Fact]
    public void A_loaded_guest_is_started() =>
        GuestDecision.Decide(Given.Facts() with { HasDomain = true, Guest = new GuestState(RunStates.Prelaunch, Running: false) }).Step.ShouldBe(GuestStep.Start);

    [Fact]
    public void A_guest_that_arrives_by_migration_is_never_started_from_here() =>
        GuestDecision.Decide(Given.Facts(Given.Vmi(VmiPhases.Running)) with { HasDomain = true, Incoming = true, Guest = new GuestState(RunStates.Prelaunch, Running: false) })
            .Step.ShouldBe(GuestStep.None);

    [Fact]
    public void A_guest_that_is_to_start_paused_is_reported_and_not_started()
    {
        var vmi = Given.Vmi();
        var facts = Given.Facts(vmi with { Spec = vmi.Spec! with { StartStrategy = "Paused" } });

        var plan = GuestDecision.Decide(facts with { HasDomain = true, Guest = new GuestState(RunStates.Prelaunch, Running: false) });

        plan.Step.ShouldBe(GuestStep.Report);
        plan.Phase.ShouldBe(VmiPhases.Running);
    }

    [Fact]
    public void A_paused_guest_that_is_reset_stays_paused()
    {
        var vmi = Given.Vmi(VmiPhases.Running);
        vmi = vmi with { Status = vmi.Status! with { Conditions = GuestReport.PausedByUser(null, Given.Now) } };

        GuestDecision.Decide(Given.Facts(vmi) with { HasDomain = true, Guest = new GuestState(RunStates.Prelaunch, Running: false) }).Step
            .ShouldBe(GuestStep.Report);
    }

    [Theory]
    [InlineData(RunStates.InMigrate)]
    [InlineData(RunStates.FinishMigrate)]
    [InlineData(RunStates.PostMigrate)]
    public void A_guest_between_two_nodes_is_neither_started_nor_reported(string state) =>
        GuestDecision.Decide(Given.Facts(Given.Vmi(VmiPhases.Running)) with { HasDomain = true, Guest = new GuestState(state, Running: false) }).Step.ShouldBe(GuestStep.None);

    [Fact]
    public void A_guest_seen_running_for_the_first_time_is_announced()
    {
        var plan = GuestDecision.Decide(Given.Facts() with { HasDomain = true, Guest = Running });

        plan.Phase.ShouldBe(VmiPhases.Running);
        plan.Event.ShouldBe(new GuestEvent("Started", "VirtualMachineInstance started."));
    }

    [Fact]
    public void A_running_guest_is_announced_once() =>
        GuestDecision.Decide(Given.Facts(Given.Vmi(VmiPhases.Running)) with { HasDomain = true, Guest = Running }).Event.ShouldBeNull();

    [Fact]
    public void Deleting_a_running_guest_asks_for_a_shut_down_once()
    {
        var facts = Given.Facts(Given.Vmi(VmiPhases.Running).Deleted()) with { HasDomain = true, Guest = Running };

        var first = GuestDecision.Decide(facts);
        var second = GuestDecision.Decide(facts with { ShutdownRequested = true });

        first.RequestShutdown.ShouldBeTrue();
        first.Event.ShouldBe(new GuestEvent("ShuttingDown", "Signaled Graceful Shutdown"));
        second.RequestShutdown.ShouldBeFalse();
        second.Event.ShouldBeNull();
    }

    [Theory]
    [InlineData(LauncherReasons.Shutdown, VmiPhases.Succeeded, "Normal")]
    [InlineData(LauncherReasons.Crashed, VmiPhases.Failed, "Warning")]
    [InlineData(LauncherReasons.Killed, VmiPhases.Failed, "Warning")]
    [InlineData(LauncherReasons.NotStarted, VmiPhases.Failed, "Warning")]
    public void The_launchers_reason_decides_how_the_guest_ended(string reason, string phase, string type)
    {
        var plan = GuestDecision.Decide(Given.Facts(Given.Vmi(VmiPhases.Running)) with { HasDomain = true, Launcher = new LauncherStatus { Reason = reason } });

        plan.Phase.ShouldBe(phase);
        plan.Event!.Type.ShouldBe(type);
    }

    [Theory]
    [InlineData(false, GuestStep.None)]
    [InlineData(true, GuestStep.Report)]
    public void A_copy_that_arrived_and_ended_before_it_ran_is_not_the_end_of_its_guest(bool ran, GuestStep step) =>
        GuestDecision.Decide(Given.Facts(Given.Vmi(VmiPhases.Running)) with
        {
            HasDomain = true,
            Incoming = true,
            MayHaveRun = ran,
            Launcher = new LauncherStatus { Reason = LauncherReasons.Crashed },
        }).Step.ShouldBe(step);

    [Fact]
    public void A_guest_that_moved_away_keeps_its_phase() =>
        GuestDecision.Decide(Given.Facts(Given.Vmi(VmiPhases.Running)) with { HasDomain = true, Launcher = new LauncherStatus { Reason = LauncherReasons.Migrated } })
            .ShouldBe(new GuestPlan(GuestStep.None));

    [Fact]
    public void A_guest_that_a_full_disk_stopped_is_tried_again_once_that_is_on_record()
    {
        var stopped = new GuestState(RunStates.IoError, Running: false);
        var vmi = Given.Vmi(VmiPhases.Running);
        var told = vmi with { Status = vmi.Status! with { Conditions = Paused(Reasons.PausedIoError) } };

        GuestDecision.Decide(Given.Facts(vmi) with { HasDomain = true, Guest = stopped }).Step.ShouldBe(GuestStep.Report);
        GuestDecision.Decide(Given.Facts(told) with { HasDomain = true, Guest = stopped }).Step.ShouldBe(GuestStep.Retry);
    }

    [Fact]
    public void One_that_its_user_has_paused_or_that_is_to_end_is_left_alone()
    {
        var stopped = new GuestState(RunStates.IoError, Running: false);
        var vmi = Given.Vmi(VmiPhases.Running);
        var byUser = vmi with { Status = vmi.Status! with { Conditions = Paused(Reasons.PausedByUser) } };
        var ending = (vmi with { Status = vmi.Status! with { Conditions = Paused(Reasons.PausedIoError) } }).Deleted();

        GuestDecision.Decide(Given.Facts(byUser) with { HasDomain = true, Guest = stopped }).Step.ShouldNotBe(GuestStep.Retry);
        GuestDecision.Decide(Given.Facts(ending) with { HasDomain = true, Guest = stopped }).RequestShutdown.ShouldBeTrue();
    }

    private static IReadOnlyList<Condition> Paused(string reason) =>
        [new Condition { Type = Conditions.Paused, Status = Conditions.True, Reason = reason }];
}
