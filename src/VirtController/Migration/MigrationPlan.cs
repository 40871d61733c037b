using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What is to be done for a migration.</summary>
/// <param name="Migration">The migration as it should be stored.</param>
/// <param name="Vmi">The VMI as it should be stored; null when it is not touched.</param>
public sealed record MigrationPlan(VirtualMachineInstanceMigration Migration, VirtualMachineInstance? Vmi = null)
{
    public bool CreateTargetPod { get; init; }

    /// <summary>Certificates for both ends are to be there before the VMI is written.</summary>
    public bool CreateCredentials { get; init; }

    public bool DeleteCredentials { get; init; }

    public bool DeleteTargetPod { get; init; }

    /// <summary>The time at which the guest ran on the target, to be noted on the target pod.</summary>
    public DateTimeOffset? TargetReadyAt { get; init; }

    /// <summary>Older migrations that are not kept any longer.</summary>
    public IReadOnlyList<VirtualMachineInstanceMigration> DeleteMigrations { get; init; } = [];

    public IReadOnlyList<PlannedEvent> Events { get; init; } = [];

    public TimeSpan? Again { get; init; }
}
