namespace Godwit.Qemu;

/// <summary>
/// The latest events of one monitor by position. A waiter notes <see cref="Position"/> before it sends its command and
/// waits from there: an event that an earlier operation left behind can then never be taken for the answer to this one.
/// </summary>
public sealed class QmpEventLog
{
    private readonly Lock _lock = new();
    private readonly Queue<QmpEvent> _events = new();
    private readonly int _capacity;
    private readonly TimeProvider _time;
    private long _next;
    private TaskCompletionSource _changed = NewSignal();
    private Exception? _closed;

    public QmpEventLog(int capacity, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
        _time = time;
    }

    /// <summary>The position that the next event will get.</summary>
    public long Position
    {
        get
        {
            lock (_lock)
            {
                return _next;
            }
        }
    }

    /// <summary>The events from <paramref name="from"/> on that are still remembered (the oldest fall out first).</summary>
    public IReadOnlyList<QmpEvent> Since(long from)
    {
        lock (_lock)
        {
            return [.. _events.Where(e => e.Position >= from)];
        }
    }

    /// <summary>
    /// The first event at or after <paramref name="from"/> that matches, or null when <paramref name="deadline"/> passed.
    /// Throws <see cref="QmpUnavailableException"/> when the monitor closes first.
    /// </summary>
    public async Task<QmpEvent?> WaitAsync(
        long from, Func<QmpEvent, bool> match, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        while (true)
        {
            Task changed;
            Exception? closed;
            lock (_lock)
            {
                foreach (var candidate in _events)
                {
                    if (candidate.Position >= from && match(candidate))
                    {
                        return candidate;
                    }
                }

                from = Math.Max(from, _next);
                changed = _changed.Task;
                closed = _closed;
            }

            if (closed is not null)
            {
                throw new QmpUnavailableException(closed.Message, timedOut: false, closed);
            }

            var left = deadline - _time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return null;
            }

            try
            {
                await changed.WaitAsync(left, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return null;
            }
        }
    }

    /// <summary>Completes when an event at or after <paramref name="from"/> has come or the monitor is closed.</summary>
    public Task ChangedAsync(long from)
    {
        lock (_lock)
        {
            return _next > from || _closed is not null ? Task.CompletedTask : _changed.Task;
        }
    }

    internal void Add(string name, System.Text.Json.JsonElement data, DateTimeOffset timestamp)
    {
        TaskCompletionSource signal;
        lock (_lock)
        {
            _events.Enqueue(new QmpEvent(_next++, name, data, timestamp));
            if (_events.Count > _capacity)
            {
                _events.Dequeue();
            }

            signal = _changed;
            _changed = NewSignal();
        }

        signal.TrySetResult();
    }

    internal void Close(Exception reason)
    {
        TaskCompletionSource signal;
        lock (_lock)
        {
            _closed ??= reason;
            signal = _changed;
        }

        signal.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
