using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Subresources;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler;

public sealed class GuestCommandTests
{
    private static VirtualMachineInstance Vmi => Given.Vmi(VmiPhases.Running);

    [Theory]
    [InlineData(GuestCommand.Pause, RunStates.Running, "")]
    [InlineData(GuestCommand.Pause, RunStates.Suspended, "")]
    [InlineData(GuestCommand.Pause, RunStates.Paused, "VMI is already paused")]
    [InlineData(GuestCommand.Pause, RunStates.Prelaunch, "VMI is already paused")]
    [InlineData(GuestCommand.Pause, RunStates.GuestPanicked, "VMI does not run: its guest is in state guest-panicked")]
    [InlineData(GuestCommand.Unpause, RunStates.Paused, "")]
    [InlineData(GuestCommand.Unpause, RunStates.Prelaunch, "")]
    [InlineData(GuestCommand.Unpause, RunStates.IoError, "")]
    [InlineData(GuestCommand.Unpause, RunStates.Running, "VMI is not paused")]
    [InlineData(GuestCommand.Unpause, RunStates.Shutdown, "VMI cannot go on: its guest is in state shutdown; reset it")]
    [InlineData(GuestCommand.Reset, RunStates.Paused, "")]
    [InlineData(GuestCommand.Reset, RunStates.GuestPanicked, "")]
    public void A_guest_is_paused_while_it_runs_and_goes_on_while_it_is_paused(GuestCommand command, string state, string refusal) =>
        (GuestCommandDecision.Refuse(command, Vmi, Given.Node, state)?.Message ?? "").ShouldBe(refusal);

    [Theory]
    [InlineData(RunStates.InMigrate)]
    [InlineData(RunStates.FinishMigrate)]
    [InlineData(RunStates.PostMigrate)]
    public void A_copy_that_a_migration_holds_is_left_alone_whatever_the_record_says(string state)
    {
        foreach (var command in Enum.GetValues<GuestCommand>())
        {
            GuestCommandDecision.Refuse(command, Vmi, Given.Node, state)!.Code.ShouldBe(409, command.ToString());
        }
    }

    [Fact]
    public void Only_the_owners_node_may_act()
    {
        GuestCommandDecision.Refuse(GuestCommand.Unpause, Vmi, "node02", RunStates.Paused)!.Message.ShouldContain("is not on node node02");
        GuestCommandDecision.Refuse(GuestCommand.Unpause, null, Given.Node, RunStates.Paused)!.Code.ShouldBe(409);
        GuestCommandDecision.Refuse(GuestCommand.Unpause, Vmi with { Status = Vmi.Status! with { OwnerPodUID = null } }, Given.Node, RunStates.Paused)!
            .Code.ShouldBe(409);
        GuestCommandDecision.Refuse(GuestCommand.Pause, Given.Vmi(VmiPhases.Scheduled), Given.Node, RunStates.Running)!.Message.ShouldBe("VMI is not running");
    }

    [Fact]
    public void While_a_migration_is_under_way_it_alone_acts_on_the_guest_and_afterwards_the_user_again()
    {
        var state = new MigrationState { MigrationUid = "u", TargetNode = "node02" };

        GuestCommandDecision.Refuse(GuestCommand.Pause, With(state), Given.Node, null)!.Message
            .ShouldBe("VMI is being migrated to node node02: wait until it has moved, or cancel the migration");
        GuestCommandDecision.Refuse(GuestCommand.Pause, With(state with { Completed = true }), Given.Node, RunStates.Running).ShouldBeNull();

        static VirtualMachineInstance With(MigrationState state) => Vmi with { Status = Vmi.Status! with { MigrationState = state } };
    }
}
