namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>What has to be done to a table that holds the flows sent so far, to make it hold those of now. Do the deletions first.</summary>
/// <param name="Upserts">Flows to write, as they are now.</param>
/// <param name="Deletions">Flows to delete, as they were sent.</param>
public sealed record ConntrackDelta(IReadOnlyList<ConntrackEntry> Upserts, IReadOnlyList<ConntrackEntry> Deletions)
{
    public bool IsEmpty => Deletions.Count == 0 && Upserts.Count == 0;

    /// <summary>
    /// What differs. Time-outs do not count: they run down by themselves in both tables. A flow that is less than it was, because another
    /// began between the same ports, is deleted and written: the kernel does not take back what a flow has behind it.
    /// </summary>
    /// <param name="sent">What was sent until now; after the delta is done, it is what <paramref name="now"/> is.</param>
    /// <param name="now">The table as it is.</param>
    public static ConntrackDelta Between(IReadOnlyList<ConntrackEntry> sent, IReadOnlyList<ConntrackEntry> now)
    {
        var before = new Dictionary<FlowTuple, ConntrackEntry>(sent.Count);
        foreach (var entry in sent)
        {
            before[entry.Tuple] = entry;
        }

        var (deletions, upserts, seen) = (new List<ConntrackEntry>(), new List<ConntrackEntry>(), new HashSet<FlowTuple>(now.Count));
        foreach (var entry in now)
        {
            // The kernel may list a flow twice when its table grows meanwhile.
            if (!seen.Add(entry.Tuple))
            {
                continue;
            }

            if (!before.Remove(entry.Tuple, out var old))
            {
                upserts.Add(entry);
            }
            else if (old with { TimeoutSeconds = entry.TimeoutSeconds } != entry)
            {
                upserts.Add(entry);
                if ((old.Status & ~entry.Status) != ConntrackStatus.None)
                {
                    deletions.Add(old);
                }
            }
        }

        deletions.AddRange(before.Values);
        return new ConntrackDelta(upserts, deletions);
    }
}
