namespace Godwit.LocalCluster.Store;

/// <summary>
/// One reader's position in the changes of a resource. It holds no buffer: a slow reader falls behind the ring and is
/// served from the history, and when that is compacted it gets <see cref="StoreCompactedException"/>.
/// </summary>
public sealed class StoreWatch
{
    private readonly ObjectStore _store;
    private readonly ResourceLog _log;
    private readonly string _resource;
    private readonly int _bell;
    private Task _next = Task.CompletedTask;

    internal StoreWatch(ObjectStore store, ResourceLog log, string resource, long after)
    {
        _store = store;
        _log = log;
        _resource = resource;
        _bell = log.NextBell();
        Position = after;
    }

    /// <summary>All changes up to this revision were given out: what a bookmark may say.</summary>
    public long Position { get; private set; }

    /// <summary>The changes since the last call, without waiting; empty when there are none.</summary>
    public IReadOnlyList<StoreEvent> Read()
    {
        // The order matters. The bell first: what is published after the look at the revision rings it. Then the revision: the log
        // is filled before that moves, so everything up to it is in the log, and what is beyond cannot be read by anybody yet.
        _next = _log.Next(_bell);
        var revision = _store.Revision;
        var events = new List<StoreEvent>();
        if (!_log.TryRead(Position, revision, events))
        {
            events = _store.ReadHistory(_resource, Position, revision);
            _next = Task.CompletedTask;
        }

        Position = Math.Max(Position, revision);
        return events;
    }

    /// <summary>Waits for a change after the last <see cref="Read"/>.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _next.WaitAsync(cancellationToken);

    /// <summary>Waits for a change or for the time to pass; false when it was the time.</summary>
    public async Task<bool> WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await _next.WaitAsync(timeout, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
