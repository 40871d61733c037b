using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// Slows down migrations that nobody asked for in person: after each failure in a row the next one waits twice as long. Pure.
/// </summary>
internal static class MigrationBackoff
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(20);

    /// <summary>What is left of the wait, null when there is none.</summary>
    public static TimeSpan? Remaining(MigrationFacts facts)
    {
        if (!IsAutomatic(facts.Migration) || facts.Migration.Metadata.Annotation(Annotations.IgnoreMigrationBackoff) is not null)
        {
            return null;
        }

        var failures = facts.Siblings
            .Where(sibling => sibling.IsFinal() && sibling.Metadata.Uid != facts.Migration.Metadata.Uid)
            .OrderByDescending(sibling => sibling.Metadata.CreationTimestamp)
            .TakeWhile(sibling => sibling.Status!.Phase == MigrationPhases.Failed)
            .Where(sibling => IsAutomatic(sibling) && !sibling.IsDeleting())
            .ToList();
        if (failures.Count == 0)
        {
            return null;
        }

        var last = failures[0].Status!.PhaseTransitionTimestamps.EnteredAt(MigrationPhases.Failed) ?? facts.Now;
        var delay = First * Math.Pow(2, Math.Min(failures.Count - 1, 10));
        var left = last + (delay < Longest ? delay : Longest) - facts.Now;
        return left > TimeSpan.Zero ? left : null;
    }

    private static bool IsAutomatic(VirtualMachineInstanceMigration migration) =>
        migration.Metadata.Annotation(Annotations.EvacuationMigration) is not null
        || migration.Metadata.Annotation(Annotations.WorkloadUpdateMigration) is not null;
}
