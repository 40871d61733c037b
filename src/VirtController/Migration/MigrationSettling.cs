using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Puts the affairs of an ended migration in order. Pure.</summary>
internal static class MigrationSettling
{
    /// <summary>Ended migrations of a VMI that are kept.</summary>
    public const int Kept = 5;

    /// <summary>A target pod that does not go away in this time, its node being dead, holds up the migration no longer.</summary>
    public static readonly TimeSpan TargetPodDeadline = TimeSpan.FromSeconds(60);

    public static MigrationPlan Settle(MigrationFacts facts)
    {
        var old = Superfluous(facts.Siblings);
        var held = facts.Migration.Metadata.Finalizers?.Contains(Finalizers.Migration) == true;
        var migration = held && facts.OwnState is { } state
            ? MigrationStates.Copy(facts.Migration, state, facts.Now)
            : MigrationAftermath.Follow(facts);
        var failed = facts.Phase == MigrationPhases.Failed;
        if (failed && facts.TargetPod is { } pod && !facts.Committed)
        {
            var left = TargetPodDeadline - facts.Since(facts.Migration.Status!.PhaseTransitionTimestamps.EnteredAt(MigrationPhases.Failed));
            if (left > TimeSpan.Zero)
            {
                return new MigrationPlan(migration) { DeleteTargetPod = !pod.IsDeleting(), DeleteCredentials = held, Again = left };
            }
        }

        if (!held)
        {
            return new MigrationPlan(migration) { DeleteMigrations = old };
        }

        return new MigrationPlan(WithoutFinalizer(migration), failed ? WithoutTargetLabel(facts) : null)
        {
            DeleteCredentials = true,
            DeleteMigrations = old,
        };
    }

    public static VirtualMachineInstanceMigration WithoutFinalizer(VirtualMachineInstanceMigration migration) =>
        migration.Metadata.Finalizers?.Contains(Finalizers.Migration) != true
            ? migration
            : migration with
            {
                Metadata = migration.Metadata with
                {
                    Finalizers = [.. migration.Metadata.Finalizers.Where(name => name != Finalizers.Migration)],
                },
            };

    private static VirtualMachineInstance? WithoutTargetLabel(MigrationFacts facts) =>
        facts.OwnState is not null && facts.Vmi!.Metadata.Label(Labels.MigrationTargetNodeName) is not null
            ? facts.Vmi with
            {
                Metadata = facts.Vmi.Metadata with
                {
                    Labels = facts.Vmi.Metadata.Labels.Without(Labels.MigrationTargetNodeName),
                },
            }
            : null;

    private static IReadOnlyList<VirtualMachineInstanceMigration> Superfluous(
        IReadOnlyList<VirtualMachineInstanceMigration> siblings) =>
        [
            .. siblings
                .Where(sibling => sibling.IsFinal())
                .OrderByDescending(sibling => sibling.Metadata.CreationTimestamp)
                .ThenByDescending(sibling => sibling.Metadata.Name, StringComparer.Ordinal)
                .Skip(Kept)
                .Where(sibling => !sibling.IsDeleting()),
        ];
}
