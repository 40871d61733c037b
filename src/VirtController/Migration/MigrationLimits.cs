using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Which waiting migrations may begin, given how many may run at once. Pure.</summary>
public static class MigrationLimits
{
    /// <summary>One migration that has not ended.</summary>
    /// <param name="Migration">The migration.</param>
    /// <param name="SourceNode">The node that its VMI leaves.</param>
    /// <param name="HasTargetPod">It has begun, even if its phase does not say so yet.</param>
    /// <param name="TargetNode">The node that its target pod was bound to; null while it is not.</param>
    /// <param name="TargetSince">When the target pod was made.</param>
    public sealed record Candidate(
        VirtualMachineInstanceMigration Migration,
        string? SourceNode,
        bool HasTargetPod,
        string? TargetNode = null,
        DateTimeOffset? TargetSince = null);

    /// <summary>
    /// Whether the migration gets a place. Places are given out in one order for all: higher priority first, then the
    /// older, so that whoever asks gets the same answer. One whose node is full does not hold up those of other nodes.
    /// </summary>
    public static bool HasSlot(string? uid, IReadOnlyList<Candidate> candidates, MigrationConfiguration limits)
    {
        var active = candidates.Where(IsActive).ToList();
        var free = (limits.ParallelMigrationsPerCluster ?? 0) - active.Count;
        var perNode = active
            .GroupBy(candidate => candidate.SourceNode ?? "", StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => (long)group.Count(), StringComparer.Ordinal);
        var waiting = candidates
            .Where(candidate => !IsActive(candidate))
            .OrderByDescending(candidate => MigrationPriorities.Rank(candidate.Migration.Spec?.Priority))
            .ThenBy(candidate => candidate.Migration.Metadata.CreationTimestamp)
            .ThenBy(candidate => candidate.Migration.Metadata.Uid, StringComparer.Ordinal);
        foreach (var candidate in waiting)
        {
            var node = candidate.SourceNode ?? "";
            var onNode = perNode.GetValueOrDefault(node);
            if (free <= 0)
            {
                return false;
            }

            if (onNode >= (limits.ParallelOutboundMigrationsPerNode ?? 0))
            {
                if (candidate.Migration.Metadata.Uid == uid)
                {
                    return false;
                }

                continue;
            }

            if (candidate.Migration.Metadata.Uid == uid)
            {
                return true;
            }

            perNode[node] = onNode + 1;
            free--;
        }

        return candidates.Any(candidate => candidate.Migration.Metadata.Uid == uid && IsActive(candidate));
    }

    /// <summary>The nodes at which as many migrations arrive as may.</summary>
    public static IReadOnlySet<string> FullNodes(IEnumerable<Candidate> candidates, MigrationConfiguration limits) => candidates
        .Where(candidate => !string.IsNullOrEmpty(candidate.TargetNode))
        .GroupBy(candidate => candidate.TargetNode!, StringComparer.Ordinal)
        .Where(group => group.Count() >= (limits.ParallelInboundMigrationsPerNode ?? 0))
        .Select(group => group.Key)
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>
    /// Whether every node that could take the VMI is full. Where no node could, nothing is full: the scheduler then says
    /// what is wrong.
    /// </summary>
    public static bool AllFull(IReadOnlyCollection<string> possible, IReadOnlySet<string> full, MigrationConfiguration limits) =>
        limits.ParallelInboundMigrationsPerNode == 0 || (possible.Count > 0 && possible.All(full.Contains));

    /// <summary>
    /// Whether the migration may begin to arrive at the node of its target pod. The pods of a node get its places in the order
    /// of their creation: whoever asks gets the same answer, and a cache that is behind gives away no place twice.
    /// </summary>
    public static bool HasInboundSlot(string? uid, IReadOnlyList<Candidate> candidates, MigrationConfiguration limits)
    {
        var node = candidates.FirstOrDefault(candidate => candidate.Migration.Metadata.Uid == uid)?.TargetNode;
        return string.IsNullOrEmpty(node) || candidates
            .Where(candidate => candidate.TargetNode == node)
            .OrderByDescending(IsHandedOff)
            .ThenBy(candidate => candidate.TargetSince)
            .ThenBy(candidate => candidate.Migration.Metadata.Uid, StringComparer.Ordinal)
            .Take((int)Math.Min(limits.ParallelInboundMigrationsPerNode ?? 0, int.MaxValue))
            .Any(candidate => candidate.Migration.Metadata.Uid == uid);
    }

    /// <summary>How soon a waiting migration asks again, should nobody wake it.</summary>
    public static TimeSpan RetryAfter(VirtualMachineInstanceMigration migration) =>
        MigrationPriorities.Rank(migration.Spec?.Priority) switch
        {
            >= 100 => TimeSpan.FromSeconds(1),
            >= 50 => TimeSpan.FromSeconds(3),
            _ => TimeSpan.FromSeconds(5),
        };

    private static bool IsHandedOff(Candidate candidate) => candidate.Migration.Status?.Phase
        is MigrationPhases.PreparingTarget or MigrationPhases.TargetReady or MigrationPhases.Running;

    private static bool IsActive(Candidate candidate) => candidate.HasTargetPod || candidate.Migration.IsRunning();
}
