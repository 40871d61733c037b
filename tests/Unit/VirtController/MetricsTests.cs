using System.Globalization;
using System.Text.Json;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

/// <summary>Which values follow from which objects.</summary>
public sealed class MetricsTests
{
    private static readonly DateTimeOffset Now = Given.Now;
    private readonly MetricRegistry _registry = new();

    [Fact]
    public void Migrations_are_counted_by_KubeVirts_groups_of_phases()
    {
        VirtualMachineInstanceMigration[] migrations =
        [
            Move("a", null, 90), Move("b", MigrationPhases.Unset, 10), Move("c", MigrationPhases.Pending, 120), Move("d", MigrationPhases.Scheduling, 300),
            Move("e", MigrationPhases.Scheduled), Move("f", MigrationPhases.PreparingTarget), Move("g", MigrationPhases.TargetReady), Move("h", MigrationPhases.Running),
            Move("i", MigrationPhases.Succeeded), Move("j", MigrationPhases.Failed),
        ];
        Text(new MigrationMetrics(_registry).Of(migrations, Now)).ShouldBe(
        [
            "kubevirt_vmi_migrations_in_unset_phase 2",
            "kubevirt_vmi_migrations_in_pending_phase 1",
            "kubevirt_vmi_migrations_in_scheduling_phase 1",
            "kubevirt_vmi_migrations_in_running_phase 4",
            "godwit_migration_queue_length 3",
            "godwit_migration_queue_longest_wait_seconds 120",
            "kubevirt_vmi_migration_succeeded vmi=vm vmim=i namespace=default 1",
            "kubevirt_vmi_migration_failed vmi=vm vmim=j namespace=default 1",
        ]);
    }

    [Fact]
    public void Without_migrations_nobody_waits() => Text(new MigrationMetrics(_registry).Of([], Now))
        .ShouldBe(
        [
            "kubevirt_vmi_migrations_in_unset_phase 0",
            "kubevirt_vmi_migrations_in_pending_phase 0",
            "kubevirt_vmi_migrations_in_scheduling_phase 0",
            "kubevirt_vmi_migrations_in_running_phase 0",
            "godwit_migration_queue_length 0",
            "godwit_migration_queue_longest_wait_seconds 0",
        ]);

    [Fact]
    public void A_VMI_is_described_with_its_pod_and_what_its_guest_says()
    {
        var vmi = Given.RunningVmi();
        vmi = vmi with
        {
            Metadata = vmi.Metadata with { Annotations = new Dictionary<string, string> { ["vm.kubevirt.io/os"] = "fedora" } },
            Status = vmi.Status! with
            {
                Machine = new MachineSpec { Type = "pc-q35-10.0" },
                GuestOSInfo = JsonDocument.Parse("""{"name":"Fedora Linux","versionId":"40","kernelRelease":"6.8","machine":"x86_64","id":7}""").RootElement,
            },
        };
        Of(vmi).ShouldBe(
        [
            "kubevirt_vmi_phase_count node=node01 phase=running 1",
            "kubevirt_vmi_info node=node01 namespace=default name=vmi-fedora phase=running os=fedora guest_os_kernel_release=6.8 guest_os_machine=pc-q35-10.0 "
                + "guest_os_arch=x86_64 guest_os_name=Fedora Linux guest_os_version_id=40 evictable=true vmi_pod=pod-of-vmi-fedora 1",
            "kubevirt_vmi_non_evictable node=node01 namespace=default name=vmi-fedora 0",
        ]);
    }

    [Fact]
    public void A_VMI_that_is_to_leave_a_drained_node_and_is_not_known_to_be_movable_is_told()
    {
        var vmi = Given.Vmi(VmiPhases.Scheduling, "node01");
        Of(vmi).ShouldContain("kubevirt_vmi_non_evictable node=node01 namespace=default name=vmi-fedora 1");
        Of(vmi).ShouldContain(static line => line.Contains(" evictable=false ", StringComparison.Ordinal));
        Of(vmi with { Spec = vmi.Spec! with { EvictionStrategy = EvictionStrategies.None } })
            .ShouldContain("kubevirt_vmi_non_evictable node=node01 namespace=default name=vmi-fedora 0");
    }

    [Fact]
    public void The_last_migration_is_told_with_its_times_and_its_end()
    {
        var state = new MigrationState { MigrationUid = "u", StartTimestamp = Now, EndTimestamp = Now.AddSeconds(7) };
        var start = Now.ToUnixTimeSeconds();
        var labels = "node=node01 namespace=default name=vmi-fedora migration_name=move-of-vmi-fedora";
        Of(With(state with { EndTimestamp = null })).ShouldContain($"kubevirt_vmi_migration_start_time_seconds {labels} {start}");
        Of(With(state with { Completed = true })).ShouldContain($"kubevirt_vmi_migration_end_time_seconds {labels} status=succeeded {start + 7}");
        Of(With(state with { Completed = true, Failed = true })).ShouldContain($"kubevirt_vmi_migration_end_time_seconds {labels} status=failed {start + 7}");
        Of(With(state with { EndTimestamp = null })).ShouldNotContain(static line => line.StartsWith("kubevirt_vmi_migration_end", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(MigrationForwarding.Prepared, "")]
    [InlineData(MigrationForwarding.Unavailable, "")]
    [InlineData(MigrationForwarding.Forwarding, "godwit_forwarding_flows 3; godwit_forwarding_bytes_total 4096")]
    // What an end calls flows are those that it cut off.
    [InlineData(MigrationForwarding.Ended, "godwit_forwarding_flows 0; godwit_forwarding_bytes_total 4096")]
    public void Forwarded_connections_are_told_while_there_are_any(string state, string expected)
    {
        var vmi = With(new MigrationState { Forwarding = new MigrationForwarding { State = state, Flows = 3, Bytes = 4096 } });
        string.Join("; ", Of(vmi).Where(static line => line.StartsWith("godwit_forwarding", StringComparison.Ordinal)))
            .ShouldBe(expected.Replace("flows ", "flows namespace=default name=vmi-fedora ", StringComparison.Ordinal)
                .Replace("total ", "total namespace=default name=vmi-fedora ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_pause_counts_once_when_it_is_first_told_and_not_when_it_was_told_before_we_looked()
    {
        var before = With(new MigrationState { MigrationUid = "u" });
        var after = With(new MigrationState { MigrationUid = "u", PauseMs = 250 });
        MigrationTimes.NewPause(before, after).ShouldBe(0.25);
        MigrationTimes.NewPause(after, after).ShouldBeNull();
        MigrationTimes.NewPause(null, after).ShouldBeNull();
        MigrationTimes.NewPause(after, null).ShouldBeNull();
        MigrationTimes.NewPause(after, With(new MigrationState { MigrationUid = "next", PauseMs = 40 })).ShouldBe(0.04);
    }

    [Fact]
    public void The_time_to_a_phase_is_counted_from_the_migrations_creation()
    {
        var before = Move("m", MigrationPhases.Running, 60);
        var after = before with
        {
            Status = before.Status! with
            {
                Phase = MigrationPhases.Succeeded,
                PhaseTransitionTimestamps = [new PhaseTransition { Phase = MigrationPhases.Succeeded, PhaseTransitionTimestamp = Now }],
            },
        };
        MigrationTimes.NewPhase(before, after).ShouldBe((MigrationPhases.Succeeded, 60));
        MigrationTimes.NewPhase(null, after).ShouldBeNull();
        MigrationTimes.NewPhase(after, after).ShouldBeNull();
    }

    private static VirtualMachineInstance With(MigrationState state) =>
        Given.RunningVmi() is var vmi ? vmi with { Status = vmi.Status! with { MigrationState = state } } : throw new InvalidOperationException();

    private static VirtualMachineInstanceMigration Move(string name, string? phase, int seconds = 1) => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = "default", Uid = name, CreationTimestamp = Now.AddSeconds(-seconds) },
        Spec = new VirtualMachineInstanceMigrationSpec { VmiName = "vm" },
        Status = phase is null ? null : new VirtualMachineInstanceMigrationStatus { Phase = phase },
    };

    private List<string> Of(VirtualMachineInstance vmi) =>
        Text(new VmiMetrics(_registry).Of([vmi], static one => $"pod-of-{one.Metadata.Name}", static one => $"move-of-{one.Metadata.Name}"));

    private static List<string> Text(IEnumerable<MetricSample> samples) =>
    [
        .. samples.Select(static sample => string.Create(
            CultureInfo.InvariantCulture,
            $"{sample.Family.Name}{string.Concat(sample.Family.Labels.Zip(sample.Labels).Where(static pair => pair.Second is { Length: > 0 }).Select(static pair => $" {pair.First}={pair.Second}"))} {sample.Value}")),
    ];
}
