using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>How long migrations took and how long their guests stood still, taken when an object changes to say so.</summary>
public sealed class MigrationTimes(MetricRegistry registry)
{
    /// <summary>From what nobody notices to beyond what any limit allows; 0.9 is the default of <c>maxDowntimeMs</c>.</summary>
    private static readonly double[] PauseBounds = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.9, 1.5, 3, 10, 30];

    /// <summary>KubeVirt's bounds.</summary>
    private static readonly double[] PhaseBounds = [0.5, 1, 2, 5, 10, 20, 30, 40, 50, 60, 90, 120, 180, 300, 600, 1200, 1800, 3600];

    private readonly Histogram _pauses = registry.Histogram(
        "godwit_migration_pause_seconds", "How long guests stood still at the switchover, as the agents measured it.", PauseBounds);

    private readonly Histogram _phases = registry.Histogram(
        "kubevirt_vmi_migration_phase_transition_time_from_creation_seconds", "Time from the creation of a migration to each of its phases.", PhaseBounds, "phase");

    /// <summary>Takes what the change of a VMI says.</summary>
    public void Take(Change<VirtualMachineInstance> change)
    {
        if (NewPause(change.Old, change.New) is { } seconds)
        {
            _pauses.Observe(seconds);
        }
    }

    /// <summary>Takes what the change of a migration says.</summary>
    public void Take(Change<VirtualMachineInstanceMigration> change)
    {
        if (NewPhase(change.Old, change.New) is var (phase, seconds))
        {
            _phases.Observe(seconds, phase);
        }
    }

    /// <summary>
    /// The pause, in seconds, that the later state tells and the earlier does not. What an object says when it is first seen is not
    /// new: a process that starts would count it again.
    /// </summary>
    public static double? NewPause(VirtualMachineInstance? before, VirtualMachineInstance? now) =>
        before is not null && now?.Status?.MigrationState is { PauseMs: { } pause } state
            && !(before.Status?.MigrationState is { PauseMs: not null } earlier && earlier.MigrationUid == state.MigrationUid)
            ? pause / 1000
            : null;

    /// <summary>The phase that the migration has come to, and after how many seconds; null where it is the same, or cannot be told.</summary>
    public static (string Phase, double Seconds)? NewPhase(VirtualMachineInstanceMigration? before, VirtualMachineInstanceMigration? now) =>
        before is not null && now?.Status?.Phase is { Length: > 0 } phase && phase != before.Status?.Phase
            && now.Status.PhaseTransitionTimestamps.EnteredAt(phase) is { } entered && now.Metadata.CreationTimestamp is { } created
            ? (phase, Math.Max(0, (entered - created).TotalSeconds))
            : null;
}
