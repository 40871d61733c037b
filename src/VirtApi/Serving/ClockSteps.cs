namespace Godwit.VirtApi.Serving;

/// <summary>Notices that the wall's clock was stepped: it has moved by something else than what has passed.</summary>
public sealed class ClockSteps(TimeProvider clock)
{
    /// <summary>A clock that is off by less is being corrected, or was read late.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    private DateTimeOffset _wall = clock.GetUtcNow();
    private long _passed = clock.GetTimestamp();

    /// <summary>By how much it was stepped since the last look; null when it was not.</summary>
    public TimeSpan? Look()
    {
        var step = clock.GetUtcNow() - _wall - clock.GetElapsedTime(_passed);
        (_wall, _passed) = (clock.GetUtcNow(), clock.GetTimestamp());
        return step.Duration() > Least ? step : null;
    }
}
