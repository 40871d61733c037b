using Godwit.Machinery;

namespace Godwit.Simulation.Api;

/// <summary>All objects of one kind, their changes of late, and the watches on them.</summary>
internal sealed class Collection(string resource, bool statusApart)
{
    private const int Remembered = 500;

    /// <summary>Such as <c>kubevirt.io/virtualmachineinstances</c>.</summary>
    public string Resource => resource;

    /// <summary>The status is written by its own path alone.</summary>
    public bool StatusApart => statusApart;

    public SortedDictionary<NamespacedName, Stored> Objects { get; } = [];

    public List<Watcher> Watchers { get; } = [];

    public List<Happening> History { get; } = [];

    /// <summary>Changes up to this version are not remembered any more.</summary>
    public long Compacted { get; private set; }

    public void Note(Happening change)
    {
        History.Add(change);
        if (History.Count > Remembered * 2)
        {
            Compact(Remembered);
        }

        foreach (var watcher in Watchers.ToArray())
        {
            watcher.Tell(change);
        }
    }

    /// <summary>Forgets all changes but the latest.</summary>
    public void Compact(int keep)
    {
        var drop = Math.Max(0, History.Count - keep);
        if (drop > 0)
        {
            Compacted = History[drop - 1].Version;
            History.RemoveRange(0, drop);
        }
    }
}
