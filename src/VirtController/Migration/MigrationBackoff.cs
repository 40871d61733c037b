using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// Slows down migrations that nobody asked for in person: after each failure in a row the next one waits twice as long. How long
/// the first wait is depends on what failed: another target may do at once, a guest that writes too fast will for a while. Pure.
/// </summary>
internal static class MigrationBackoff
{
    private const int MostDoublings = 10;

    /// <summary>The wait, null when there is none.</summary>
    public static BackoffWait? Decide(MigrationFacts facts)
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

        var cause = FailureCauses.Of(failures[0]);
        var (first, longest) = Delays(cause);
        var delay = first * Math.Pow(2, Math.Min(failures.Count - 1, MostDoublings));
        var left = (delay < longest ? delay : longest) - facts.Since(failures[0].Status!.PhaseTransitionTimestamps.EnteredAt(MigrationPhases.Failed));
        return left > TimeSpan.Zero
            ? new BackoffWait(left, facts.Now + left, failures.Count, cause, FailureCauses.Reason(failures[0]))
            : null;
    }

    /// <summary>The first wait after a failure, and the longest.</summary>
    public static (TimeSpan First, TimeSpan Longest) Delays(FailureCause cause) => cause switch
    {
        FailureCause.TargetDied => (TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5)),
        FailureCause.Network => (TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5)),
        FailureCause.NoCapacity => (TimeSpan.FromSeconds(60), TimeSpan.FromMinutes(10)),
        FailureCause.NotConverging => (TimeSpan.FromSeconds(60), TimeSpan.FromMinutes(30)),
        FailureCause.Incompatible => (TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(60)),
        _ => (TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(20)),
    };

    private static bool IsAutomatic(VirtualMachineInstanceMigration migration) =>
        migration.Metadata.Annotation(Annotations.EvacuationMigration) is not null
        || migration.Metadata.Annotation(Annotations.WorkloadUpdateMigration) is not null;
}
