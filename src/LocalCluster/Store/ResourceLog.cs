namespace Godwit.LocalCluster.Store;

/// <summary>The recent changes of one resource in a ring, and the bells that watchers sleep by.</summary>
internal sealed class ResourceLog(long since)
{
    private const int Capacity = 1024;
    private const int Bells = 16;

    private readonly Lock _gate = new();

    // Most resources hardly change: the ring grows to its capacity with what it has to hold.
    private StoreEvent[] _ring = new StoreEvent[16];
    private int _first;
    private int _count;
    private TaskCompletionSource?[] _bells = new TaskCompletionSource?[Bells];
    private int _watches;

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

    /// <summary>Wakes who sleeps by the bells.</summary>
    public void Ring()
    {
        TaskCompletionSource?[] bells;
        lock (_gate)
        {
            bells = _bells;
            _bells = new TaskCompletionSource?[Bells];
        }

        new Peal(bells).Execute();
    }

    /// <summary>The bell that a new watch is to sleep by: watches are spread over all of them.</summary>
    public int NextBell() => (int)((uint)Interlocked.Increment(ref _watches) % Bells);

    /// <summary>Ends when changes come that are not published at this moment.</summary>
    public Task Next(int bell = 0)
    {
        lock (_gate)
        {
            return (_bells[bell] ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
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
}
