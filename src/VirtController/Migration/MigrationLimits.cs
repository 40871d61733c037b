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
        DateTimeOffset? TargetSince = null)
    {
        /// <summary>Something of its own holds it up, such as the wait after a failure: it takes no place from the others.</summary>
        public bool IsHeld { get; init; }

        /// <summary>The nodes that could take its VMI; null when that is not known (yet).</summary>
        public IReadOnlyList<string>? Targets { get; init; }

        /// <summary>It has begun.</summary>
        public bool IsActive => HasTargetPod || Migration.IsRunning();
    }

    /// <summary>The order in which places are given out: higher priority first, then the older.</summary>
    public static int Compare(Candidate? one, Candidate? other)
    {
        var (mine, its) = (one!.Migration, other!.Migration);
        var order = MigrationPriorities.Rank(its.Spec?.Priority).CompareTo(MigrationPriorities.Rank(mine.Spec?.Priority));
        order = order != 0 ? order : Nullable.Compare(mine.Metadata.CreationTimestamp, its.Metadata.CreationTimestamp);
        return order != 0 ? order : string.CompareOrdinal(mine.Metadata.Uid, its.Metadata.Uid);
    }

    /// <summary>
    /// The waiting migrations that get a place. Places are given out in one order for all, so that whoever asks gets the same
    /// answer. One that cannot use its place, as its node sends as many as it may or every node that could take its VMI is full,
    /// does not hold up the others.
    /// </summary>
    public static IReadOnlyList<Candidate> Granted(IReadOnlyCollection<Candidate> candidates, MigrationConfiguration limits)
    {
        var active = candidates.Where(static candidate => candidate.IsActive).ToList();
        var free = (limits.ParallelMigrationsPerCluster ?? 0) - active.Count;
        var full = FullNodes(active, limits);
        var perNode = active
            .GroupBy(static candidate => candidate.SourceNode ?? "", StringComparer.Ordinal)
            .ToDictionary(static group => group.Key, static group => (long)group.Count(), StringComparer.Ordinal);
        var granted = new List<Candidate>();
        foreach (var candidate in candidates.Where(static candidate => candidate is { IsActive: false, IsHeld: false }).Order(Comparer<Candidate>.Create(Compare)))
        {
            if (granted.Count >= free)
            {
                break;
            }

            var node = candidate.SourceNode ?? "";
            var onNode = perNode.GetValueOrDefault(node);
            if (onNode < (limits.ParallelOutboundMigrationsPerNode ?? 0) && !(candidate.Targets is { } targets && AllFull(targets, full, limits)))
            {
                perNode[node] = onNode + 1;
                granted.Add(candidate);
            }
        }

        return granted;
    }

    /// <summary>Whether the migration has a place or gets one.</summary>
    public static bool HasSlot(string? uid, IReadOnlyCollection<Candidate> candidates, MigrationConfiguration limits) =>
        candidates.Where(static candidate => candidate.IsActive).Concat(Granted(candidates, limits)).Any(candidate => candidate.Migration.Metadata.Uid == uid);

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
    public static bool HasInboundSlot(string? uid, IReadOnlyCollection<Candidate> candidates, MigrationConfiguration limits)
    {
        var node = candidates.FirstOrDefault(candidate => candidate.Migration.Metadata.Uid == uid)?.TargetNode;
        return string.IsNullOrEmpty(node) || candidates
            .Where(candidate => candidate.TargetNode == node)
            .OrderByDescending(static candidate => MigrationStates.IsHandedOff(candidate.Migration))
            .ThenBy(candidate => candidate.TargetSince)
            .ThenBy(candidate => candidate.Migration.Metadata.Uid, StringComparer.Ordinal)
            .Take((int)Math.Min(limits.ParallelInboundMigrationsPerNode ?? 0, int.MaxValue))
            .Any(candidate => candidate.Migration.Metadata.Uid == uid);
    }
}
