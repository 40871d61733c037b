namespace Godwit.LocalCluster.Store;

/// <summary>The recent changes of one resource in a ring, and the bell that watchers sleep by.</summary>
internal sealed class ResourceLog(long since)
{
    private const int Capacity = 1024;

    private readonly Lock _gate = new();

    // Most resources hardly change: the ring grows to its capacity with what it has to hold.
    private StoreEvent[] _ring = new StoreEvent[16];
    private int _first;
    private int _count;
    private TaskCompletionSource _bell = NewBell();

    // Every change of the resource after this revision is in the ring.
    private long _completeAfter = since;

    public void Append(StoreEvent change)
    {
        lock (_gate)
        {
            if (_count == Capacity)
            {
                _completeAfter = At(0).Revision;
                _first = (_first + 1) % Capacity;
                _count--;
            }
            else if (_count == _ring.Length)
            {
                // It is grown before its beginning moves.
                Array.Resize(ref _ring, Capacity < 2 * _count ? Capacity : 2 * _count);
            }

            _ring[(_first + _count++) % _ring.Length] = change;
        }
    }

    public void Ring()
    {
        TaskCompletionSource bell;
        lock (_gate)
        {
            bell = _bell;
            _bell = NewBell();
        }

        bell.TrySetResult();
    }

    /// <summary>Ends when changes come that are not published at this moment.</summary>
    public Task Next
    {
        get
        {
            lock (_gate)
            {
                return _bell.Task;
            }
        }
    }

    /// <summary>Changes after one revision and up to another; false when the ring does not reach back so far.</summary>
    public bool TryRead(long after, long upTo, List<StoreEvent> into)
    {
        lock (_gate)
        {
            if (after < _completeAfter)
            {
                return false;
            }

            // From the newest back: a reader that keeps up wants the last few.
            var from = _count;
            while (from > 0 && At(from - 1).Revision > after)
            {
                from--;
            }

            for (; from < _count && At(from) is var change && change.Revision <= upTo; from++)
            {
                into.Add(change);
            }

            return true;
        }
    }

    private StoreEvent At(int index) => _ring[(_first + index) % _ring.Length];

    private static TaskCompletionSource NewBell() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
