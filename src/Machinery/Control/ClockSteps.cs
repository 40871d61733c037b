namespace Godwit.Machinery;

/// <summary>Notices that the wall's clock was stepped: it has moved by something else than what has passed. No timer notices that.</summary>
public sealed class ClockSteps(TimeProvider clock)
{
    /// <summary>A clock that is off by less is being corrected, or was read late.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    /// <summary>The time between two looks.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(2);

    private DateTimeOffset _wall = clock.GetUtcNow();
    private long _passed = clock.GetTimestamp();

    /// <summary>By how much it was stepped since the last look; null when it was not.</summary>
    public TimeSpan? Look()
    {
        var step = clock.GetUtcNow() - _wall - clock.GetElapsedTime(_passed);
        (_wall, _passed) = (clock.GetUtcNow(), clock.GetTimestamp());
        return step.Duration() > Least ? step : null;
    }

    /// <summary>Lets time pass, but only until a step is noticed, within 2 s of it.</summary>
    /// <param name="wait">How long; <see cref="Timeout.InfiniteTimeSpan"/> for no end.</param>
    /// <param name="cancellationToken">Ends it by an exception.</param>
    /// <returns>The step; null when all the time has passed without one.</returns>
    public async Task<TimeSpan?> WaitAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            var left = wait == Timeout.InfiniteTimeSpan ? Glance : wait - clock.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                return null;
            }

            // Timers count whole milliseconds: rounding up keeps this from going round without any time passing.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(Math.Min(left.TotalMilliseconds, Glance.TotalMilliseconds))), clock, cancellationToken);
            if (Look() is { } step)
            {
                return step;
            }
        }
    }
}
