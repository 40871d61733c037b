namespace Godwit.Machinery;

/// <summary>
/// Keys waiting for work, as client-go's queue keeps them: a key that waits is not added twice; a key that is being worked on
/// is never given out a second time, and if it is added meanwhile it runs once more after <see cref="Done"/>; of several
/// delayed adds the earliest holds; <see cref="ShutDown"/> lets what waits be worked off.
/// </summary>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Queue<TKey> _ready = new();
    private readonly HashSet<TKey> _dirty = [];

    /// <summary>Keys in work, and since when, where somebody counts.</summary>
    private readonly Dictionary<TKey, long> _processing = [];
    private readonly Dictionary<TKey, long> _dueTimes = [];
    private readonly PriorityQueue<TKey, long> _delayed = new();
    private readonly LinkedList<Waiter> _waiters = new();
    private readonly RateLimiter<TKey> _limiter;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly QueueMetrics? _metrics;

    /// <summary>Since when keys wait; kept only where somebody counts.</summary>
    private readonly Dictionary<TKey, long> _added = [];
    private TaskCompletionSource? _drained;
    private bool _shuttingDown;

    public WorkQueue(RateLimiter<TKey>? limiter = null, TimeProvider? clock = null)
        : this(limiter, clock, metrics: null)
    {
    }

    internal WorkQueue(RateLimiter<TKey>? limiter, TimeProvider? clock, QueueMetrics? metrics)
    {
        _metrics = metrics;
        _clock = clock ?? TimeProvider.System;
        _limiter = limiter ?? RateLimiters.Default<TKey>(_clock);
        _timer = _clock.CreateTimer(static queue => ((WorkQueue<TKey>)queue!).ReleaseDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Keys ready to be worked on; those in work or delayed do not count.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _ready.Count;
            }
        }
    }

    /// <summary>Nothing is ready and nothing is in work; delayed keys may wait.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _ready.Count == 0 && _processing.Count == 0;
            }
        }
    }

    public bool IsShuttingDown
    {
        get
        {
            lock (_gate)
            {
                return _shuttingDown;
            }
        }
    }

    /// <summary>How the queue is, for <see cref="QueueMetrics"/>; nothing where nobody counts.</summary>
    internal IEnumerable<MetricSample> Samples()
    {
        lock (_gate)
        {
            return _metrics?.Now(_ready.Count, [.. _processing.Values.Select(started => _clock.GetElapsedTime(started))]) ?? [];
        }
    }

    /// <summary>Asks for work on a key, now.</summary>
    public void Add(TKey key)
    {
        lock (_gate)
        {
            AddLocked(key);
        }
    }

    /// <summary>Asks for work on a key after a time; an earlier time already set for it stays.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        lock (_gate)
        {
            if (_shuttingDown)
            {
                return;
            }

            if (delay <= TimeSpan.Zero)
            {
                AddLocked(key);
                return;
            }

            var due = _clock.GetTimestamp() + (long)(delay.TotalSeconds * _clock.TimestampFrequency);
            if (_dueTimes.TryGetValue(key, out var known) && known <= due)
            {
                return;
            }

            // A later entry of the same key may stay in the heap; it is skipped when its time comes.
            _dueTimes[key] = due;
            _delayed.Enqueue(key, due);
            ArmLocked();
        }
    }

    /// <summary>Asks for work on a key after the time that its failures and the overall rate ask for.</summary>
    public void AddRateLimited(TKey key)
    {
        _metrics?.Retried();
        AddAfter(key, _limiter.Next(key));
    }

    /// <summary>The key's work succeeded: its failures no longer count.</summary>
    public void Forget(TKey key) => _limiter.Forget(key);

    /// <summary>How often the key was added rate-limited since it was forgotten.</summary>
    public int Failures(TKey key) => _limiter.Failures(key);

    /// <summary>Waits for a key to work on; the caller must call <see cref="Done"/> for it. False: the queue was shut down and is empty.</summary>
    public async ValueTask<(bool HasKey, TKey Key)> GetAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        LinkedListNode<Waiter> node;
        lock (_gate)
        {
            if (_ready.TryDequeue(out var key))
            {
                TakeLocked(key);
                return (true, key);
            }

            if (_shuttingDown)
            {
                return (false, default!);
            }

            node = _waiters.AddLast(new Waiter());
        }

        await using var registration = ct.UnsafeRegister(_ => CancelWait(node, ct), null);
        return await node.Value.Task;
    }

    /// <summary>Work on a key ended; if it was added meanwhile it becomes ready again.</summary>
    public void Done(TKey key)
    {
        lock (_gate)
        {
            if (_processing.Remove(key, out var started))
            {
                _metrics?.Done(_clock.GetElapsedTime(started));
                if (_dirty.Contains(key))
                {
                    OfferLocked(key);
                }
            }

            SignalDrainedLocked();
        }
    }

    /// <summary>No key is taken any more; those that are ready are still given out, delayed ones are dropped.</summary>
    public void ShutDown()
    {
        lock (_gate)
        {
            _shuttingDown = true;
            _delayed.Clear();
            _dueTimes.Clear();
            while (_waiters.First is { } waiter)
            {
                _waiters.RemoveFirst();
                waiter.Value.TrySetResult((false, default!));
            }

            SignalDrainedLocked();
        }
    }

    /// <summary>Shuts down and waits until all that was ready or in work is done.</summary>
    public async Task DrainAsync(CancellationToken ct)
    {
        Task drained;
        lock (_gate)
        {
            _drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            drained = _drained.Task;
        }

        ShutDown();
        await drained.WaitAsync(ct);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ShutDown();
        _timer.Dispose();
    }

    private void AddLocked(TKey key)
    {
        if (_shuttingDown || !_dirty.Add(key))
        {
            return;
        }

        if (_metrics is not null)
        {
            _metrics.Added();
            _added[key] = _clock.GetTimestamp();
        }

        if (!_processing.ContainsKey(key))
        {
            OfferLocked(key);
        }
    }

    private void OfferLocked(TKey key)
    {
        if (_waiters.First is not { } waiter)
        {
            _ready.Enqueue(key);
            return;
        }

        _waiters.RemoveFirst();
        TakeLocked(key);
        waiter.Value.SetResult((true, key));
    }

    private void TakeLocked(TKey key)
    {
        _dirty.Remove(key);
        _processing.Add(key, _metrics is null ? 0 : _clock.GetTimestamp());
        if (_added.Remove(key, out var added))
        {
            _metrics?.Taken(_clock.GetElapsedTime(added));
        }
    }

    private void SignalDrainedLocked()
    {
        if (_shuttingDown && _ready.Count == 0 && _processing.Count == 0)
        {
            _drained?.TrySetResult();
        }
    }

    private void CancelWait(LinkedListNode<Waiter> node, CancellationToken ct)
    {
        lock (_gate)
        {
            if (node.List is not null)
            {
                _waiters.Remove(node);
                node.Value.SetCanceled(ct);
            }
        }
    }

    private void ReleaseDue()
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            while (_delayed.TryPeek(out var key, out var due) && due <= now)
            {
                _delayed.Dequeue();
                if (_dueTimes.TryGetValue(key, out var known) && known == due)
                {
                    _dueTimes.Remove(key);
                    AddLocked(key);
                }
            }

            ArmLocked();
        }
    }

    private void ArmLocked()
    {
        if (_delayed.TryPeek(out _, out var due))
        {
            var wait = TimeSpan.FromSeconds((double)(due - _clock.GetTimestamp()) / _clock.TimestampFrequency);
            // Timers count whole milliseconds: rounding up keeps them from firing just before the time.
            var milliseconds = Math.Max(0, Math.Ceiling(wait.TotalMilliseconds));
            _timer.Change(TimeSpan.FromMilliseconds(Math.Min(milliseconds, int.MaxValue)), Timeout.InfiniteTimeSpan);
        }
    }

    private sealed class Waiter() : TaskCompletionSource<(bool, TKey)>(TaskCreationOptions.RunContinuationsAsynchronously);
}
