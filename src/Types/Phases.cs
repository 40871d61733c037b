namespace Godwit.Types;

/// <summary>Questions about phases that several components ask.</summary>
public static class Phases
{
    /// <summary>The VMI has ended and will not run again.</summary>
    public static bool IsFinal(this VirtualMachineInstance vmi) =>
        vmi.Status?.Phase is VmiPhases.Succeeded or VmiPhases.Failed;

    /// <summary>The VMI has no launcher pod that became ready yet.</summary>
    public static bool IsUnprocessed(this VirtualMachineInstance vmi) =>
        vmi.Status?.Phase is null or VmiPhases.Unset or VmiPhases.Pending;

    /// <summary>The node's agent owns the phase from here on.</summary>
    public static bool IsHandedToHandler(this VirtualMachineInstance vmi) =>
        vmi.Status?.Phase is VmiPhases.Scheduled or VmiPhases.Running;

    /// <summary>A migration was handed off and has not ended, whichever way.</summary>
    public static bool IsMigrating(this VirtualMachineInstance vmi) =>
        vmi.Status?.MigrationState is { Completed: not true };

    public static bool IsFinal(this VirtualMachineInstanceMigration migration) =>
        migration.Status?.Phase is MigrationPhases.Succeeded or MigrationPhases.Failed;

    /// <summary>The migration counts against the limits of parallel migrations.</summary>
    public static bool IsRunning(this VirtualMachineInstanceMigration migration) =>
        migration.Status?.Phase is MigrationPhases.Scheduling or MigrationPhases.Scheduled
            or MigrationPhases.PreparingTarget or MigrationPhases.TargetReady or MigrationPhases.Running;

    public static bool IsFinished(this Pod pod) => pod.Status?.Phase is PodPhases.Succeeded or PodPhases.Failed;

    /// <summary>The pod's compute container runs and all others are ready.</summary>
    public static bool IsReady(this Pod pod) =>
        pod.Status is { Phase: PodPhases.Running, ContainerStatuses: { Count: > 0 } statuses }
        && pod.Metadata.DeletionTimestamp is null
        && statuses.All(status => status.Name == Launcher.Container
            ? status.State?.Running is not null
            : status.Ready == true);

    public static bool IsDeleting(this ApiObject item) => item.Metadata.DeletionTimestamp is not null;
}
