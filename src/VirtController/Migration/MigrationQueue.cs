using Godwit.Machinery;
using Godwit.Types;
using Candidate = Godwit.VirtController.MigrationLimits.Candidate;

namespace Godwit.VirtController;

/// <summary>
/// All migrations that have not ended, kept so that the rules of <see cref="MigrationLimits"/> need only look at those that run
/// and at the first of each group that waits for the same thing. When a place becomes free, it wakes who gets it and nobody else:
/// a thousand that wait cost nothing until it is their turn.
/// </summary>
internal sealed class MigrationQueue(Func<MigrationConfiguration> limits, Action<NamespacedName> wake)
{
    private static readonly Comparer<Candidate> Order = Comparer<Candidate>.Create(MigrationLimits.Compare);

    private readonly Lock _gate = new();
    private readonly Dictionary<NamespacedName, Candidate> _all = [];
    private readonly Dictionary<NamespacedName, Candidate> _active = [];
    private readonly Dictionary<(string Source, string Targets), SortedSet<Candidate>> _waiting = [];

    /// <summary>Begun by us, though no cache shows its target pod yet.</summary>
    private readonly HashSet<NamespacedName> _begun = [];

    /// <summary>Takes what the caches show of a migration that has not ended; what was learned of it otherwise stays.</summary>
    public void Put(Candidate seen)
    {
        var key = seen.Migration.Key();
        Change(key, old =>
        {
            var same = old?.Migration.Metadata.Uid == seen.Migration.Metadata.Uid;
            if (seen.HasTargetPod || !same)
            {
                _begun.Remove(key);
            }

            return seen with
            {
                HasTargetPod = seen.HasTargetPod || _begun.Contains(key),
                IsHeld = same && old!.IsHeld,
                Targets = same ? old!.Targets : null,
            };
        });
    }

    /// <summary>Forgets a migration that has ended.</summary>
    public void Remove(NamespacedName key) => Change(key, _ =>
    {
        _begun.Remove(key);
        return null;
    });

    /// <summary>Notes what else a waiting migration depends on. One that is held gives its place to the next.</summary>
    public void Note(NamespacedName key, bool held, IReadOnlyList<string>? targets) =>
        Change(key, old => old is null ? null : old with { IsHeld = held, Targets = targets });

    /// <summary>Its target pod is about to be made: from now on it counts, whatever the caches show.</summary>
    public void Begin(NamespacedName key) => Change(key, old =>
    {
        _begun.Add(key);
        return old is null ? null : old with { HasTargetPod = true };
    });

    /// <summary>Its target pod was not made. It stands back until it is looked at again.</summary>
    public void Withdraw(NamespacedName key) => Change(key, old => _begun.Remove(key) && old is not null
        ? old with { HasTargetPod = false, IsHeld = true }
        : old);

    public MigrationPlaces Look(NamespacedName key)
    {
        lock (_gate)
        {
            var (settings, uid) = (limits(), _all.GetValueOrDefault(key)?.Migration.Metadata.Uid);
            return new MigrationPlaces(
                MigrationLimits.HasSlot(uid, FirstLocked(settings), settings),
                MigrationLimits.HasInboundSlot(uid, _active.Values, settings),
                MigrationLimits.FullNodes(_active.Values, settings));
        }
    }

    /// <summary>Wakes all that may go on now, after the limits have changed.</summary>
    public void WakeAll()
    {
        List<NamespacedName> woken;
        lock (_gate)
        {
            woken = [.. GrantedLocked(), .. _active.Keys];
        }

        woken.ForEach(wake);
    }

    private void Change(NamespacedName key, Func<Candidate?, Candidate?> change)
    {
        List<NamespacedName> woken = [];
        lock (_gate)
        {
            var old = _all.GetValueOrDefault(key);
            var fresh = change(old);
            TakeOutLocked(key, old);
            PutInLocked(key, fresh);
            if (FreesPlace(old, fresh))
            {
                woken.AddRange(GrantedLocked());
            }

            // Those whose pods are bound to a node wait there for its places.
            if (old is { IsActive: true, TargetNode: { Length: > 0 } node } && fresh?.TargetNode != node)
            {
                woken.AddRange(_active.Where(pair => pair.Value.TargetNode == node).Select(static pair => pair.Key));
            }
        }

        woken.ForEach(one =>
        {
            if (one != key)
            {
                wake(one);
            }
        });
    }

    /// <summary>
    /// What held a place, in work or by its turn, does so no longer, or not the same one. One that is bound to a node may fill it:
    /// the place of one that can go nowhere else is the next one's then.
    /// </summary>
    private static bool FreesPlace(Candidate? old, Candidate? fresh) => old?.TargetNode != fresh?.TargetNode
        || (old is not null && (old.IsActive || !old.IsHeld)
            && (fresh is null || (!fresh.IsActive && (old.IsActive || fresh.IsHeld))
                || old.SourceNode != fresh.SourceNode || (!fresh.IsActive && Group(old) != Group(fresh))));

    private List<NamespacedName> GrantedLocked()
    {
        var settings = limits();
        return [.. MigrationLimits.Granted(FirstLocked(settings), settings).Select(static candidate => candidate.Migration.Key())];
    }

    /// <summary>
    /// Those that run, and of each group as many as one node may send: no more of them could get a place. While no place is free
    /// nobody who waits can get one: with a group for each of a thousand nodes, to put them in order would be most of the work.
    /// </summary>
    private List<Candidate> FirstLocked(MigrationConfiguration settings)
    {
        if (_active.Count >= (settings.ParallelMigrationsPerCluster ?? 0))
        {
            return [.. _active.Values];
        }

        var most = (int)Math.Clamp(settings.ParallelOutboundMigrationsPerNode ?? 0, 0, int.MaxValue);
        return [.. _active.Values, .. _waiting.Values.SelectMany(group => group.Take(most))];
    }

    private void TakeOutLocked(NamespacedName key, Candidate? old)
    {
        _active.Remove(key);
        _all.Remove(key);
        if (old is not null && _waiting.TryGetValue(Group(old), out var group) && group.Remove(old) && group.Count == 0)
        {
            _waiting.Remove(Group(old));
        }
    }

    private void PutInLocked(NamespacedName key, Candidate? fresh)
    {
        if (fresh is null)
        {
            return;
        }

        _all[key] = fresh;
        if (fresh.IsActive)
        {
            _active[key] = fresh;
        }
        else if (!fresh.IsHeld)
        {
            if (!_waiting.TryGetValue(Group(fresh), out var group))
            {
                _waiting[Group(fresh)] = group = new SortedSet<Candidate>(Order);
            }

            group.Add(fresh);
        }
    }

    private static (string Source, string Targets) Group(Candidate candidate) =>
        (candidate.SourceNode ?? "", candidate.Targets is { } targets ? $"={string.Join(',', targets)}" : "");
}
