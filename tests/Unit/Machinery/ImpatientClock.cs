namespace Godwit.Unit.Machinery;

/// <summary>
/// Short waits (the first backoffs between tries) are over at once, long ones (deadlines of calls and watches) never end. A test that
/// advanced a clock by hand would also let deadlines pass while an answer is on its way.
/// </summary>
internal sealed class ImpatientClock : TimeProvider
{
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(4);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(base.CreateTimer(callback, state, Shortened(dueTime), period));

    private static TimeSpan Shortened(TimeSpan due) =>
        due >= TimeSpan.Zero && due <= LongestBackoff ? TimeSpan.Zero : Timeout.InfiniteTimeSpan;

    private sealed class Timer(ITimer inner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(Shortened(dueTime), period);

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
