using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;
using static Godwit.Unit.VirtController.VirtualMachines.Vms;

namespace Godwit.Unit.VirtController.VirtualMachines;

public sealed class VirtualMachineDecisionsTests
{
    [Theory]
    [InlineData("Always", null, true)]
    [InlineData("Always", "Halted", true)]
    [InlineData("Halted", null, false)]
    [InlineData("Manual", null, false)]
    [InlineData("Once", null, true)]
    [InlineData("RerunOnFailure", null, true)]
    [InlineData("RerunOnFailure", "Halted", true)]
    [InlineData("RerunOnFailure", "RerunOnFailure", false)]
    public void Whether_a_VMI_is_made_follows_from_the_run_strategy(string strategy, string? acted, bool made) =>
        (Decide(Vm(strategy, new VirtualMachineStatus { RunStrategy = acted })).Create is not null).ShouldBe(made);

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void The_old_field_running_says_the_same(bool running, bool made)
    {
        var vm = Vm(strategy: null);
        (Decide(vm with { Spec = vm.Spec! with { Running = running } }).Create is not null).ShouldBe(made);
    }

    [Theory]
    [InlineData("Always", "Running", false)]
    [InlineData("Always", "Scheduling", false)]
    [InlineData("Always", "Succeeded", true)]
    [InlineData("Always", "Failed", true)]
    [InlineData("RerunOnFailure", "Running", false)]
    [InlineData("RerunOnFailure", "Succeeded", true)]
    [InlineData("RerunOnFailure", "Failed", true)]
    [InlineData("Manual", "Running", false)]
    [InlineData("Manual", "Failed", false)]
    [InlineData("Once", "Succeeded", false)]
    [InlineData("Once", "Failed", false)]
    [InlineData("Halted", "Running", true)]
    [InlineData("Halted", "Scheduling", true)]
    [InlineData("Halted", "Failed", true)]
    public void Whether_the_VMI_is_ended_follows_from_strategy_and_phase(string strategy, string phase, bool ended)
    {
        (Decide(Vm(strategy), Vmi(phase)).Delete is not null).ShouldBe(ended);
        Decide(Vm(strategy), Vmi(phase, deleting: true)).Delete.ShouldBeNull();
        Decide(Vm(strategy), Vmi(phase)).Create.ShouldBeNull();
    }

    [Fact]
    public void A_VMI_has_the_name_the_labels_and_the_spec_of_its_virtual_machine_and_dies_with_it()
    {
        var vmi = Decide(Vm()).Create!;
        vmi.Metadata.Name.ShouldBe("vmi-fedora");
        vmi.Metadata.Namespace.ShouldBe("default");
        vmi.Metadata.Label("app").ShouldBe("web");
        vmi.Metadata.Annotation("mine").ShouldBe("y");
        vmi.Metadata.Annotation("kubevirt.io/vm-generation").ShouldBe("4");
        vmi.Metadata.OwnerReferences.ShouldBe(
        [
            new OwnerReference
            {
                ApiVersion = "kubevirt.io/v1", Kind = "VirtualMachine", Name = "vmi-fedora", Uid = Uid, Controller = true, BlockOwnerDeletion = true,
            },
        ]);
        vmi.Spec!.Domain!.Memory!.Guest.ShouldBe("512Mi");
        vmi.Spec.Domain.Firmware!.Uuid.ShouldBe(VirtualMachineDefaults.FirmwareUuid("vmi-fedora"));
        vmi.Spec.StartStrategy.ShouldBeNull();
    }

    [Fact]
    public void A_VMI_that_failed_comes_back_under_RerunOnFailure_and_one_that_ended_well_does_not()
    {
        var vm = Vm("RerunOnFailure", new VirtualMachineStatus { RunStrategy = "RerunOnFailure" });
        var failed = Decide(vm, Vmi("Failed", ran: true));
        failed.Vm.Status!.StateChangeRequests!.Single().Action.ShouldBe("Start");
        Decide(failed.Vm, Vmi("Failed", ran: true)).Vm.Status!.StateChangeRequests!.Count.ShouldBe(1);
        Decide(failed.Vm).Create.ShouldNotBeNull();
        var ended = Decide(vm, Vmi("Succeeded", ran: true));
        ended.Vm.Status!.StateChangeRequests.ShouldBeNull();
        Decide(ended.Vm).Create.ShouldBeNull();
    }

    [Fact]
    public void One_that_is_to_be_stopped_does_not_come_back_because_it_failed_at_that()
    {
        var vm = Vm("RerunOnFailure", new VirtualMachineStatus { RunStrategy = "RerunOnFailure" }).Asked(Stop());
        Decide(vm, Vmi("Failed", ran: true)).Vm.Status!.StateChangeRequests!.Select(request => request.Action).ShouldBe(["Stop"]);
    }

    [Theory]
    [InlineData("Always")]
    [InlineData("Manual")]
    [InlineData("RerunOnFailure")]
    public void A_restart_ends_the_VMI_and_then_makes_the_next(string strategy)
    {
        var vm = Vm(strategy, new VirtualMachineStatus { RunStrategy = strategy }).Asked(Stop(), Start());
        var stopping = Decide(vm, Vmi());
        stopping.Delete.ShouldNotBeNull();
        stopping.Vm.Status!.StateChangeRequests!.Count.ShouldBe(2);
        stopping.Vm.Status.PrintableStatus.ShouldBe("Stopping");
        var gone = Decide(stopping.Vm);
        gone.Vm.Status!.StateChangeRequests!.Single().Action.ShouldBe("Start");
        Decide(gone.Vm).Create.ShouldNotBeNull();
        var next = Vmi("Pending") with { Metadata = Vmi().Metadata with { Uid = "next" } };
        var started = Decide(gone.Vm, next);
        started.Vm.Status!.StateChangeRequests.ShouldBeNull();
        started.Delete.ShouldBeNull();
    }

    [Fact]
    public void A_wish_to_stop_an_earlier_VMI_is_dropped()
    {
        var plan = Decide(Vm("Manual").Asked(Stop("earlier")), Vmi());
        plan.Delete.ShouldBeNull();
        plan.Vm.Status!.StateChangeRequests.ShouldBeNull();
    }

    [Fact]
    public void A_paused_start_turns_the_strategy_and_gives_a_VMI_that_does_not_run_yet()
    {
        var plan = Decide(Vm("Halted").Asked(Start(paused: true)));
        plan.Create.ShouldBeNull();
        plan.Vm.Spec!.RunStrategy.ShouldBe("Always");
        Decide(plan.Vm).Create!.Spec!.StartStrategy.ShouldBe("Paused");
        var old = Vm(strategy: null);
        var turned = Decide((old with { Spec = old.Spec! with { Running = false } }).Asked(Start(paused: true))).Vm.Spec!;
        turned.Running.ShouldBe(true);
        turned.RunStrategy.ShouldBeNull();
    }

    [Fact]
    public void The_finalizer_stands_for_the_VMI()
    {
        var fresh = Vm() with { Metadata = Vm().Metadata with { Finalizers = null } };
        Decide(fresh).Vm.Metadata.Finalizers.ShouldBe(["kubevirt.io/virtualMachineControllerFinalize"]);
        var deleting = Vm() with { Metadata = Vm().Metadata with { DeletionTimestamp = Given.Now } };
        var stopping = Decide(deleting, Vmi());
        stopping.Delete.ShouldNotBeNull();
        stopping.Vm.Metadata.Finalizers.ShouldBe([Finalizers.Vm]);
        stopping.Vm.Status!.PrintableStatus.ShouldBe("Terminating");
        Decide(deleting, Vmi(deleting: true)).Vm.Metadata.Finalizers.ShouldBe([Finalizers.Vm]);
        Decide(deleting).Vm.Metadata.Finalizers.ShouldBeEmpty();
        Decide(deleting).Create.ShouldBeNull();
    }

    [Fact]
    public void A_VMI_that_is_to_be_left_behind_is_not_ended()
    {
        var deleting = Vm() with
        {
            Metadata = Vm().Metadata with { DeletionTimestamp = Given.Now, Finalizers = [Finalizers.Vm, "orphan"] },
        };
        var plan = Decide(deleting, Vmi());
        plan.Delete.ShouldBeNull();
        plan.Vm.Metadata.Finalizers.ShouldBe(["orphan"]);
    }

    [Fact]
    public void A_VMI_that_is_nobodys_is_taken_in_before_anything_is_done_with_it()
    {
        var orphan = Vmi() with { Metadata = Vmi().Metadata with { OwnerReferences = null } };
        var plan = Decide(Vm(), orphan);
        plan.Adopt!.Metadata.Controller()!.Uid.ShouldBe(Uid);
        plan.Delete.ShouldBeNull();
        var deleting = Vm() with { Metadata = Vm().Metadata with { DeletionTimestamp = Given.Now } };
        Decide(deleting, orphan).Delete.ShouldBeNull();
        Decide(deleting, orphan).Vm.Metadata.Finalizers.ShouldBeEmpty();
    }

    [Fact]
    public void A_VMI_of_somebody_else_stands_in_the_way_and_is_named()
    {
        var other = Vmi() with
        {
            Metadata = Vmi().Metadata with
            {
                OwnerReferences = [new OwnerReference { Kind = "VirtualMachineInstanceReplicaSet", Name = "web", Uid = "x", Controller = true }],
            },
        };
        var plan = VirtualMachineDecisions.Decide(new VirtualMachineFacts { Vm = Vm(), Foreign = other, Now = Given.Now });
        plan.Create.ShouldBeNull();
        plan.Delete.ShouldBeNull();
        plan.Vm.Status!.Conditions.Find("Failure")!.Message!.ShouldContain("belongs to VirtualMachineInstanceReplicaSet web");
        plan.Vm.Status.PrintableStatus.ShouldBe("Stopped");
    }

    [Fact]
    public void An_unknown_strategy_does_nothing_and_names_those_there_are()
    {
        var plan = Decide(Vm("Sometimes"), Vmi());
        plan.Create.ShouldBeNull();
        plan.Delete.ShouldBeNull();
        plan.Failure!.Message.ShouldBe("unknown runstrategy: Sometimes. Use one of Always, Halted, Manual, RerunOnFailure, Once.");
    }
}
