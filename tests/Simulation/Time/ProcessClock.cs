namespace Godwit.Simulation.Time;

/// <summary>The clock as one process sees it: when the process is dead, none of its timers goes off any more.</summary>
internal sealed class ProcessClock(VirtualClock clock, Func<bool> alive) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => clock.Ticks;

    public override DateTimeOffset GetUtcNow() => clock.UtcNow;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(ProcessClock owner, TimerCallback callback, object? state) : ITimer
    {
        private readonly VirtualClock _clock = owner.Clock;
        private TimeSpan _period;
        private long _version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var version = ++_version;
            _period = period;
            if (dueTime >= TimeSpan.Zero)
            {
                _clock.After(dueTime, () => Fire(version));
            }

            return true;
        }

        public void Dispose() => _version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(long version)
        {
            if (version != _version || !owner.Alive())
            {
                return;
            }

            if (_period > TimeSpan.Zero)
            {
                _clock.After(_period, () => Fire(version));
            }

            callback(state);
        }
    }

    private VirtualClock Clock => clock;

    private bool Alive() => alive();
}
