using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;
using static Godwit.Unit.VirtController.VirtualMachines.Vms;

namespace Godwit.Unit.VirtController.VirtualMachines;

public sealed class VirtualMachineStatusesTests
{
    private static VirtualMachineStatus Shown(VirtualMachine vm, VirtualMachineInstance? vmi = null, bool unbound = false) =>
        VirtualMachineDecisions.Decide(new VirtualMachineFacts { Vm = vm, Vmi = vmi, UnboundClaims = unbound, Now = Given.Now }).Vm.Status!;

    private static VirtualMachineInstance Troubled(string type, string reason, string phase = VmiPhases.Scheduling) =>
        Vmi(phase).With(status => status with { Conditions = [new Condition { Type = type, Status = "False", Reason = reason }] });

    [Theory]
    [InlineData("Pending", "Starting")]
    [InlineData("Scheduling", "Starting")]
    [InlineData("Scheduled", "Starting")]
    [InlineData("Running", "Running")]
    [InlineData("Unknown", "Unknown")]
    public void A_virtual_machine_is_what_its_VMI_is(string phase, string shown) =>
        Shown(Vm(), Vmi(phase)).PrintableStatus.ShouldBe(shown);

    [Fact]
    public void Without_a_VMI_it_is_stopped_or_about_to_start()
    {
        Shown(Vm("Halted")).PrintableStatus.ShouldBe("Stopped");
        Shown(Vm()).PrintableStatus.ShouldBe("Starting");
        Shown(Vm("Manual"), Vmi("Succeeded")).PrintableStatus.ShouldBe("Stopped");
    }

    [Fact]
    public void Of_several_that_hold_the_first_in_order_is_shown()
    {
        var migrating = Vmi().With(status => status with
        {
            MigrationState = new MigrationState { StartTimestamp = Given.Now },
            Conditions = [new Condition { Type = "Paused", Status = "True" }],
        });
        Shown(Vm(), migrating).PrintableStatus.ShouldBe("Migrating");
        Shown(Vm("Halted"), migrating).PrintableStatus.ShouldBe("Stopping");
        var deleting = Vm() with { Metadata = Vm().Metadata with { DeletionTimestamp = Given.Now } };
        Shown(deleting, migrating).PrintableStatus.ShouldBe("Terminating");
        var over = migrating.With(status => status with { MigrationState = status.MigrationState! with { EndTimestamp = Given.Now } });
        Shown(Vm(), over).PrintableStatus.ShouldBe("Paused");
        Shown(Vm(), Vmi(deleting: true)).PrintableStatus.ShouldBe("Stopping");
    }

    [Theory]
    [InlineData("Synchronized", "FailedPvcNotFound", "ErrorPvcNotFound")]
    [InlineData("PodScheduled", "Unschedulable", "ErrorUnschedulable")]
    [InlineData("Synchronized", "ErrImagePull", "ErrImagePull")]
    [InlineData("Synchronized", "ImagePullBackOff", "ImagePullBackOff")]
    public void What_keeps_the_VMI_from_starting_is_shown(string condition, string reason, string shown) =>
        Shown(Vm(), Troubled(condition, reason)).PrintableStatus.ShouldBe(shown);

    [Fact]
    public void Claims_without_a_volume_are_waited_for_only_by_what_is_to_start()
    {
        Shown(Vm(), Vmi("Scheduling"), unbound: true).PrintableStatus.ShouldBe("WaitingForVolumeBinding");
        Shown(Vm("Halted"), unbound: true).PrintableStatus.ShouldBe("Stopped");
        Shown(Vm(), Vmi(), unbound: true).PrintableStatus.ShouldBe("Running");
    }

    [Fact]
    public void Conditions_are_the_VMIs_while_there_is_one()
    {
        var vmi = Vmi().With(status => status with
        {
            Conditions =
            [
                new Condition { Type = "Ready", Status = "True", LastTransitionTime = Given.Now },
                new Condition { Type = "LiveMigratable", Status = "True" },
            ],
        });
        var running = Shown(Vm(), vmi);
        running.Created.ShouldBe(true);
        running.Ready.ShouldBe(true);
        running.RunStrategy.ShouldBe("Always");
        running.Conditions.ShouldBe(vmi.Status!.Conditions);
        var stopped = Shown(Vm("Halted", running));
        stopped.Created.ShouldBe(false);
        stopped.Ready.ShouldBe(false);
        stopped.RunStrategy.ShouldBe("Halted");
        var condition = stopped.Conditions!.Single();
        (condition.Type, condition.Status, condition.Reason, condition.Message).ShouldBe(("Ready", "False", "VMINotExists", "VMI does not exist"));
        Shown(Vm(), Vmi().With(status => status with { Conditions = null })).Conditions!.Single().Reason.ShouldBe("VMIConditionMissing");
    }

    [Fact]
    public void Deciding_twice_changes_nothing()
    {
        var once = Decide(Vm(), Vmi()).Vm;
        ApiObjects.Patch(once, Decide(once, Vmi()).Vm, TypesJson.Default.VirtualMachine).ShouldBeNull();
    }

    [Fact]
    public void A_changed_template_asks_for_a_restart_until_a_VMI_is_made_from_it()
    {
        var vm = Vm();
        var vmi = Vmi() with { Metadata = Vmi().Metadata with { Annotations = Decide(vm).Create!.Metadata.Annotations } };
        Shown(vm, vmi).Conditions.Find("RestartRequired").ShouldBeNull();
        Shown(vm, vmi).ObservedGeneration.ShouldBe(4);
        var changed = vm with
        {
            Metadata = vm.Metadata with { Generation = 5 },
            Spec = vm.Spec! with
            {
                Template = vm.Spec.Template! with
                {
                    Spec = vm.Spec.Template.Spec! with { Domain = new DomainSpec { Memory = new MemorySpec { Guest = "1Gi" } } },
                },
            },
        };
        var status = Shown(changed, vmi);
        status.Conditions.Find("RestartRequired")!.Message.ShouldBe("a non-live-updatable field was changed in the template spec");
        (status.ObservedGeneration, status.DesiredGeneration).ShouldBe((4, 5));
        Shown(changed with { Status = status }).Conditions.Find("RestartRequired").ShouldBeNull();
    }

    [Fact]
    public void A_VMI_that_cannot_be_made_is_told_until_it_is_made()
    {
        var plan = Decide(Vm());
        var facts = new VirtualMachineFacts { Vm = plan.Vm, Now = Given.Now };
        var failed = VirtualMachineStatuses.Apply(plan with { Failure = new PlannedEvent("FailedCreate", "denied", Warning: true) }, facts);
        failed.Status!.PrintableStatus.ShouldBe("Stopped");
        failed.Status.Conditions.Find("Failure")!.Message.ShouldBe("denied");

        // The next attempt must not change what is shown, or each would at once lead to another.
        var again = Decide(failed);
        again.Create.ShouldNotBeNull();
        ApiObjects.Patch(failed, again.Vm, TypesJson.Default.VirtualMachine).ShouldBeNull();
        Decide(again.Vm, Vmi("Pending")).Vm.Status!.Conditions.Find("Failure").ShouldBeNull();
    }
}
