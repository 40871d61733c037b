using Godwit.VirtController;
using Shouldly;
using Xunit;
using static Godwit.Unit.VirtController.VirtualMachines.Vms;

namespace Godwit.Unit.VirtController.VirtualMachines;

public sealed class VirtualMachineBackoffTests
{
    [Theory]
    [InlineData(1, 0, 10)]
    [InlineData(1, 1, 15)]
    [InlineData(2, 0, 40)]
    [InlineData(3, 0, 90)]
    [InlineData(5, 0, 250)]
    [InlineData(5, 1, 300)]
    [InlineData(6, 0, 300)]
    [InlineData(100, 1, 300)]
    public void The_pause_grows_with_the_square_of_the_failures_up_to_five_minutes(int failures, double spread, int seconds) =>
        VirtualMachineBackoff.Delay(failures, spread).ShouldBe(TimeSpan.FromSeconds(seconds));

    [Fact]
    public void A_VMI_that_ends_before_it_runs_is_counted_once_and_the_next_waits()
    {
        var first = Decide(Vm(), Vmi("Failed"));
        var failure = first.Vm.Status!.StartFailure!;
        failure.ConsecutiveFailCount.ShouldBe(1);
        failure.LastFailedVMIUID.ShouldBe("vmi-uid");
        failure.RetryAfterTimestamp.ShouldBe(Given.Now.AddSeconds(10));
        first.Delete.ShouldNotBeNull();
        Decide(first.Vm, Vmi("Failed")).Vm.Status!.StartFailure.ShouldBe(failure);
        var waiting = Decide(first.Vm);
        waiting.Create.ShouldBeNull();
        waiting.Again.ShouldBe(TimeSpan.FromSeconds(10));
        waiting.Vm.Status!.PrintableStatus.ShouldBe("CrashLoopBackOff");
        var later = VirtualMachineDecisions.Decide(new VirtualMachineFacts { Vm = waiting.Vm, Now = Given.Now.AddSeconds(10) });
        later.Create.ShouldNotBeNull();
        later.Vm.Status!.PrintableStatus.ShouldBe("Starting");
        var next = Vmi("Failed") with { Metadata = Vmi().Metadata with { Uid = "next" } };
        Decide(later.Vm, next).Vm.Status!.StartFailure!.ConsecutiveFailCount.ShouldBe(2);
    }

    [Fact]
    public void A_guest_that_has_run_clears_the_count_and_comes_back_at_once()
    {
        var failing = Decide(Vm(), Vmi("Failed")).Vm;
        Decide(failing, Vmi()).Vm.Status!.StartFailure.ShouldBeNull();
        var over = Decide(failing, Vmi("Failed", ran: true));
        over.Vm.Status!.StartFailure.ShouldBeNull();
        Decide(over.Vm).Create.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("Manual")]
    [InlineData("Halted")]
    public void Nothing_is_counted_where_nothing_is_started_by_itself(string strategy) =>
        Decide(Vm(strategy), Vmi("Failed")).Vm.Status!.StartFailure.ShouldBeNull();

    [Fact]
    public void One_that_was_deleted_did_not_fail_by_itself() =>
        Decide(Vm(), Vmi("Failed", deleting: true)).Vm.Status!.StartFailure.ShouldBeNull();

    [Fact]
    public void RerunOnFailure_waits_too_and_does_not_forget_that_it_is_to_start()
    {
        var vm = Decide(Vm("RerunOnFailure"), Vmi("Failed")).Vm;
        var waiting = Decide(vm);
        waiting.Create.ShouldBeNull();
        waiting.Again.ShouldNotBeNull();
        VirtualMachineDecisions.Decide(new VirtualMachineFacts { Vm = waiting.Vm, Now = Given.Now.AddMinutes(1) }).Create.ShouldNotBeNull();
    }
}
