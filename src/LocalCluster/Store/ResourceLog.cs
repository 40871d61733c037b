namespace Godwit.LocalCluster.Store;

/// <summary>The recent changes of one resource in a ring, and the bell that watchers sleep by.</summary>
internal sealed class ResourceLog(long since)
{
    private const int Capacity = 1024;

    private readonly Lock _gate = new();
    private readonly Queue<StoreEvent> _events = new();
    private TaskCompletionSource _bell = NewBell();

    // Every change of the resource after this revision is in the ring.
    private long _completeAfter = since;

    public void Append(IEnumerable<StoreEvent> events)
    {
        lock (_gate)
        {
            foreach (var change in events)
            {
                _events.Enqueue(change);
                if (_events.Count > Capacity)
                {
                    _completeAfter = _events.Dequeue().Revision;
                }
            }
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

            foreach (var change in _events)
            {
                if (change.Revision > after && change.Revision <= upTo)
                {
                    into.Add(change);
                }
            }

            return true;
        }
    }

    private static TaskCompletionSource NewBell() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
