namespace Godwit.Machinery;

/// <summary>Growing waits between tries of one thing, with jitter so that many do not try in step.</summary>
public sealed class Backoff(TimeSpan first, TimeSpan limit, double factor = 2, double jitter = 0.2, Random? random = null)
{
    private readonly Random _random = random ?? Random.Shared;
    private double _milliseconds = first.TotalMilliseconds;

    /// <summary>The next wait; it never exceeds the limit.</summary>
    public TimeSpan Next()
    {
        var wait = _milliseconds;
        _milliseconds = Math.Min(limit.TotalMilliseconds, _milliseconds * factor);
        return TimeSpan.FromMilliseconds(Math.Min(limit.TotalMilliseconds, wait * (1 + (jitter * _random.NextDouble()))));
    }

    /// <summary>It went well: start small again.</summary>
    public void Reset() => _milliseconds = first.TotalMilliseconds;

    /// <summary>Waits for the next time.</summary>
    public Task WaitAsync(TimeProvider clock, CancellationToken ct) => Task.Delay(Next(), clock, ct);
}
