using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Changes of a migration's status. Pure.</summary>
internal static class MigrationStates
{
    /// <summary>Progress is copied at most this often.</summary>
    public static readonly TimeSpan CopyPeriod = TimeSpan.FromSeconds(1);

    /// <summary>The agents have it, by what the VMI says.</summary>
    public static bool IsHandedOff(VirtualMachineInstanceMigration migration) =>
        migration.Status?.Phase is MigrationPhases.PreparingTarget or MigrationPhases.TargetReady or MigrationPhases.Running;

    public static VirtualMachineInstanceMigration Enter(
        VirtualMachineInstanceMigration migration, string phase, DateTimeOffset now)
    {
        var status = migration.Status ?? new VirtualMachineInstanceMigrationStatus();
        return status.Phase == phase
            ? migration
            : migration with
            {
                Status = status with
                {
                    Phase = phase,
                    PhaseTransitionTimestamps = status.PhaseTransitionTimestamps.With(phase, now),
                },
            };
    }

    public static VirtualMachineInstanceMigration With(
        VirtualMachineInstanceMigration migration, string condition, string message, DateTimeOffset now)
    {
        var status = migration.Status ?? new VirtualMachineInstanceMigrationStatus();
        var conditions = status.Conditions.With(condition, status: true, now, reason: null, message);
        return ReferenceEquals(conditions, status.Conditions)
            ? migration
            : migration with { Status = status with { Conditions = conditions } };
    }

    /// <summary>Says what a migration waits for; an event tells it once.</summary>
    public static MigrationPlan Waiting(
        VirtualMachineInstanceMigration migration, string message, DateTimeOffset now, TimeSpan? again = null, PlannedEvent? word = null)
    {
        var waiting = With(migration, Conditions.MigrationWaiting, message, now);
        return new MigrationPlan(waiting)
        {
            Again = again,
            Events = ReferenceEquals(waiting, migration) ? [] : [word ?? new PlannedEvent("MigrationWaiting", message)],
        };
    }

    public static VirtualMachineInstanceMigration NotWaiting(VirtualMachineInstanceMigration migration) =>
        migration.Status?.Conditions.Find(Conditions.MigrationWaiting) is null
            ? migration
            : migration with
            {
                Status = migration.Status with
                {
                    Conditions = migration.Status.Conditions.Without(Conditions.MigrationWaiting) is { Count: > 0 } rest ? rest : null,
                },
            };

    /// <summary>Where the VMI leaves from, as far as it is known before the hand-off.</summary>
    public static VirtualMachineInstanceMigration WithSource(
        VirtualMachineInstanceMigration migration, VirtualMachineInstance vmi, Pod? owner)
    {
        var status = migration.Status ?? new VirtualMachineInstanceMigrationStatus();
        var summary = status.Summary ?? new MigrationSummary();
        return migration with
        {
            Status = status with
            {
                MigrationState = (status.MigrationState ?? new MigrationState()) with { SourcePod = owner?.Metadata.Name },
                Summary = summary with { Source = vmi.Status?.NodeName ?? "" },
            },
        };
    }

    /// <summary>Where the VMI goes to, once the scheduler has said so.</summary>
    public static VirtualMachineInstanceMigration WithTarget(VirtualMachineInstanceMigration migration, Pod target)
    {
        var status = migration.Status!;
        return migration with
        {
            Status = status with { Summary = (status.Summary ?? new MigrationSummary()) with { Target = target.Spec?.NodeName ?? "" } },
        };
    }

    /// <summary>Why a migration failed that no agent knows of, where the others have it too.</summary>
    public static VirtualMachineInstanceMigration WithFailure(VirtualMachineInstanceMigration migration, string reason) => migration with
    {
        Status = migration.Status! with
        {
            MigrationState = (migration.Status.MigrationState ?? new MigrationState()) with { FailureReason = reason },
        },
    };

    /// <summary>The VMI's migration state, as it is, and in few words.</summary>
    public static VirtualMachineInstanceMigration Copy(
        VirtualMachineInstanceMigration migration, MigrationState? state, DateTimeOffset now) =>
        state is null
            ? migration
            : migration with
            {
                Status = migration.Status! with
                {
                    MigrationState = state,
                    Summary = MigrationSummaries.Of(state, migration.Status.Phase, now),
                },
            };
}
