using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Boot;
using Godwit.VirtHandler.Disks;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler;

public sealed class GuestReportTests
{
    private static GuestFacts Running(VirtualMachineInstance? vmi = null) =>
        Given.Facts(vmi) with { HasDomain = true, Guest = new GuestState(RunStates.Running, Running: true), SoftwareEmulation = "there is no /dev/kvm" };

    [Fact]
    public void A_running_guest_shows_the_pods_address_its_method_and_that_it_can_move()
    {
        var status = GuestReport.Apply(Running(), VmiPhases.Running).Status!;

        status.Phase.ShouldBe("Running");
        status.PhaseTransitionTimestamps!.Single().Phase.ShouldBe("Running");
        status.Interfaces!.Single().IpAddress.ShouldBe("10.98.1.7");
        status.Interfaces!.Single().InfoSource.ShouldBe("domain");
        status.MigrationMethod.ShouldBe("BlockMigration");
        status.Conditions.IsTrue(Conditions.LiveMigratable).ShouldBeTrue();
        status.Conditions.Find(Conditions.LiveMigratable)!.LastTransitionTime.ShouldBeNull();
        status.Conditions.Find(Conditions.SoftwareEmulation)!.Message.ShouldBe("there is no /dev/kvm");
    }

    [Fact]
    public void Telling_twice_changes_nothing()
    {
        var once = GuestReport.Apply(Running(), VmiPhases.Running);

        var twice = GuestReport.Apply(Running(once) with { Now = Given.Now.AddHours(1) }, VmiPhases.Running);

        Text(twice).ShouldBe(Text(once));
    }

    [Fact]
    public void A_paused_guest_says_so_until_it_runs_again()
    {
        var paused = GuestReport.Apply(Running() with { Guest = new GuestState(RunStates.Paused, Running: false) }, VmiPhases.Running);
        var again = GuestReport.Apply(Running(paused), VmiPhases.Running);

        paused.Status!.Conditions.Find(Conditions.Paused)!.Reason.ShouldBe("PausedByUser");
        again.Status!.Conditions.Find(Conditions.Paused).ShouldBeNull();
    }

    [Fact]
    public void Only_what_the_record_does_not_say_yet_is_a_change_of_the_pause()
    {
        var running = Running().Vmi;
        var paused = running with { Status = running.Status! with { Conditions = GuestReport.PausedByUser(running.Status.Conditions, default) } };
        GuestReport.ChangesPause(running, RunStates.Running).ShouldBeFalse();
        GuestReport.ChangesPause(paused, RunStates.Paused).ShouldBeFalse();
        GuestReport.ChangesPause(running, RunStates.Paused).ShouldBeTrue();
        GuestReport.ChangesPause(paused, RunStates.Running).ShouldBeTrue();
        GuestReport.ChangesPause(paused, RunStates.IoError).ShouldBeTrue();
    }

    [Fact]
    public void A_guest_that_the_monitor_stopped_says_so_until_it_runs_again_and_is_never_taken_for_paused_by_its_user()
    {
        var failed = Failed(new Condition { Type = Conditions.Paused, Status = "True", Reason = "PausedByMigrationMonitor", Message = "VMI was paused by the migration monitor" });
        var held = GuestReport.Apply(Stopped(failed), VmiPhases.Running);

        held.Status!.Conditions.Find(Conditions.Paused)!.Reason.ShouldBe("PausedByMigrationMonitor");
        GuestReport.Apply(Running(held), VmiPhases.Running).Status!.Conditions.Find(Conditions.Paused).ShouldBeNull();
    }

    [Fact]
    public void A_guest_that_a_failed_migration_has_not_let_go_on_yet_is_not_told_as_paused_by_its_user()
    {
        GuestReport.Apply(Stopped(Failed()), VmiPhases.Running).Status!.Conditions.Find(Conditions.Paused).ShouldBeNull();
        var users = Failed(new Condition { Type = Conditions.Paused, Status = "True", Reason = "PausedByUser", Message = "VMI was paused by user" });
        GuestReport.Apply(Stopped(users), VmiPhases.Running).Status!.Conditions.Find(Conditions.Paused)!.Reason.ShouldBe("PausedByUser");
    }

    [Fact]
    public void A_users_pause_takes_the_place_of_the_monitors()
    {
        var conditions = Failed(new Condition { Type = Conditions.Paused, Status = "True", Reason = "PausedByMigrationMonitor" }).Status!.Conditions;

        GuestReport.PausedByUser(conditions, Given.Now).Find(Conditions.Paused)!.Reason.ShouldBe("PausedByUser");
    }

    [Fact]
    public void During_a_migration_nothing_is_told_but_the_end()
    {
        var vmi = Given.Vmi(VmiPhases.Running);
        vmi = vmi with { Status = vmi.Status! with { MigrationState = new MigrationState { MigrationUid = "u" } } };

        GuestReport.Apply(Running(vmi) with { Guest = new GuestState(RunStates.Paused, Running: false) }, VmiPhases.Running).ShouldBeSameAs(vmi);
        GuestReport.Apply(Running(vmi), VmiPhases.Failed).Status!.Phase.ShouldBe("Failed");
    }

    [Fact]
    public void The_record_holds_hardware_machine_and_disks_and_is_never_replaced()
    {
        var vmi = Given.Vmi();
        var hardware = HardwareBuilder.Build(vmi, Given.NodeFacts);
        var guest = new PreparedGuest(
            1,
            new Domain { Name = "x", Hardware = hardware, Binary = "q", Arguments = [] },
            [new DiskImage("root", DiskSource.ContainerDisk, "/r", "qcow2", 100, ReadOnly: false, Shared: false), new DiskImage("scratch", DiskSource.EmptyDisk, "/s", "qcow2", 200, ReadOnly: false, Shared: false)],
            "10.98.1.7");

        var first = GuestReport.Record(vmi, guest);
        var second = GuestReport.Record(first, guest with { Domain = guest.Domain with { Hardware = hardware with { MemoryBytes = 1 } } });

        first.Status!.Machine!.Type.ShouldBe("pc-q35-10.0");
        first.Status.VolumeStatus!.Select(volume => (volume.Name, volume.Target, volume.Size)).ShouldBe([("root", "vda", 100L), ("scratch", "vdb", 200L)]);
        second.Status!.Hardware.ShouldBe(first.Status.Hardware);
    }

    [Fact]
    public void A_guest_that_should_move_and_cannot_is_told_about_once_for_each_verdict()
    {
        var vmi = Given.Vmi();
        vmi = vmi with
        {
            Spec = vmi.Spec! with
            {
                EvictionStrategy = EvictionStrategies.LiveMigrate,
                Domain = vmi.Spec.Domain! with { Features = new FeaturesSpec { HypervPassthrough = new FeatureState { Enabled = true } } },
            },
        };
        var pinned = GuestReport.Apply(Running(vmi), VmiPhases.Running);
        var word = GuestReport.Pinned(vmi, pinned)!;

        (word.Type, word.Reason).ShouldBe(("Warning", "Migrated"));
        word.Message.ShouldStartWith("EvictionStrategy is set but vmi is not migratable; VMI uses hyperv passthrough (remedy: ");
        GuestReport.Pinned(pinned, GuestReport.Apply(Running(pinned), VmiPhases.Running)).ShouldBeNull();
        var free = vmi with { Spec = vmi.Spec with { EvictionStrategy = EvictionStrategies.LiveMigrateIfPossible } };
        GuestReport.Pinned(free, GuestReport.Apply(Running(free), VmiPhases.Running)).ShouldBeNull();
    }

    [Fact]
    public void A_node_that_stops_naming_its_host_model_changes_the_verdict()
    {
        var vmi = Given.Vmi();
        vmi = vmi with { Spec = vmi.Spec! with { Domain = vmi.Spec.Domain! with { Cpu = new CpuSpec { Model = Defaults.CpuModel } } } };
        var facts = Running(vmi);

        GuestReport.Apply(facts, VmiPhases.Running).Status!.Conditions.IsTrue(Conditions.LiveMigratable).ShouldBeTrue();
        GuestReport.Apply(facts with { NodeKnowsHostModel = false }, VmiPhases.Running).Status!.Conditions.Find(Conditions.LiveMigratable)!
            .Reason.ShouldBe(Reasons.CpuModeNotLiveMigratable);
    }

    [Fact]
    public void A_failure_is_a_condition_that_a_success_takes_away()
    {
        var failed = GuestReport.Fail(Given.Facts(), "volume root: no");

        failed.Status!.Conditions.Find(Conditions.Synchronized)!.Message.ShouldBe("volume root: no");
        GuestReport.Apply(Running(failed), VmiPhases.Running).Status!.Conditions.Find(Conditions.Synchronized).ShouldBeNull();
    }

    [Fact]
    public void A_guest_that_cannot_be_made_is_told_at_once_whether_it_could_be_moved()
    {
        var vmi = Given.Vmi();
        var devices = vmi.Spec!.Domain!.Devices! with { Interfaces = [new Interface { Name = "default", Bridge = new EmptyObject() }] };
        vmi = vmi with { Spec = vmi.Spec with { Domain = vmi.Spec.Domain with { Devices = devices } } };

        var failed = GuestReport.Fail(Given.Facts(vmi), "no").Status!;

        failed.Conditions.Find(Conditions.LiveMigratable)!.Reason.ShouldBe("InterfaceNotLiveMigratable");
        failed.Conditions.Find(Conditions.StorageLiveMigratable)!.Status.ShouldBe("False");
        failed.MigrationMethod.ShouldBe("BlockMigration");
    }

    private static GuestFacts Stopped(VirtualMachineInstance vmi) =>
        Running(vmi) with { Guest = new GuestState(RunStates.Paused, Running: false) };

    private static VirtualMachineInstance Failed(params Condition[] conditions)
    {
        var vmi = Given.Vmi(VmiPhases.Running);
        return vmi with
        {
            Status = vmi.Status! with { Conditions = conditions, MigrationState = new MigrationState { MigrationUid = "u", Failed = true, Completed = true } },
        };
    }

    private static string Text(VirtualMachineInstance vmi) => System.Text.Json.JsonSerializer.Serialize(vmi, TypesJson.Default.VirtualMachineInstance);
}
