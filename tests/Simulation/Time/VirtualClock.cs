namespace Godwit.Simulation.Time;

/// <summary>
/// The time of a simulated world. What falls due is run one after another on the process's only pool thread, each when all that
/// the one before has set going has come to rest: no real time passes, and the order never depends on a race.
/// </summary>
internal sealed class VirtualClock : IThreadPoolWorkItem, IDisposable
{
    private static readonly DateTimeOffset Epoch = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly PriorityQueue<Action, (long Ticks, long Order)> _due = new();
    private readonly ManualResetEventSlim _rest = new();
    private Func<bool> _over = static () => true;
    private Exception? _failure;
    private long _order;

    /// <summary>Ticks since the world began.</summary>
    public long Ticks { get; private set; }

    public double Seconds => (double)Ticks / TimeSpan.TicksPerSecond;

    public DateTimeOffset UtcNow => Epoch.AddTicks(Ticks);

    /// <summary>How many things have fallen due.</summary>
    public long Steps { get; private set; }

    /// <summary>What is still to fall due.</summary>
    public IEnumerable<object> Pending => _due.UnorderedItems.Select(static item => item.Element);

    public void At(long ticks, Action action) => _due.Enqueue(action, (Math.Max(ticks, Ticks), _order++));

    public void After(TimeSpan delay, Action action) => At(Ticks + delay.Ticks, action);

    public void After(double seconds, Action action) => At(Ticks + (long)(seconds * TimeSpan.TicksPerSecond), action);

    /// <summary>Runs until <paramref name="over"/> holds or nothing is left to fall due. To be called from outside of the pool.</summary>
    public void Run(Func<bool> over)
    {
        _over = over;
        _failure = null;
        _rest.Reset();
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        _rest.Wait();
        if (_failure is not null)
        {
            throw new InvalidOperationException($"the simulation itself failed at {Seconds:0.000000} s: {_failure.Message}", _failure);
        }
    }

    public void Dispose() => _rest.Dispose();

    void IThreadPoolWorkItem.Execute()
    {
        // Behind everything that waits: the queue is served in order, and a thread's own items come first.
        if (ThreadPool.PendingWorkItemCount > 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return;
        }

        if (_over() || !_due.TryDequeue(out var action, out var due))
        {
            _rest.Set();
            return;
        }

        Ticks = due.Ticks;
        Steps++;
        try
        {
            action();
        }
        catch (Exception e)
        {
            _failure = e;
            _rest.Set();
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
