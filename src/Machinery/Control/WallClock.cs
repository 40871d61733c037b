namespace Godwit.Machinery;

/// <summary>Reads the wall's clock, and remembers its steps. For any thread.</summary>
public sealed class WallClock
{
    /// <summary>A clock that is off by less is being corrected, or was read late.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    /// <summary>What is older than so many steps is reckoned from the earliest.</summary>
    private const int Most = 16;

    private readonly TimeProvider _clock;
    private readonly long _start;
    private readonly Lock _lock = new();
    private IReadOnlyList<ClockEra> _eras;

    public WallClock(TimeProvider clock)
    {
        _clock = clock;
        _start = clock.GetTimestamp();
        _eras = [new(clock.GetUtcNow(), TimeSpan.Zero)];
    }

    /// <summary>What it says now.</summary>
    public WallTime Read()
    {
        lock (_lock)
        {
            var (now, passed) = (_clock.GetUtcNow(), _clock.GetElapsedTime(_start));
            var step = now - (_eras[^1].From + (passed - _eras[^1].Began));
            if (step.Duration() > Least)
            {
                _eras = [.. _eras.Skip(_eras.Count - Most + 1), new(now, passed)];
            }

            return new(now, _eras);
        }
    }
}
