namespace Godwit.Machinery;

/// <summary>Waits that double with each failure of a key, up to a limit.</summary>
public sealed class ExponentialPerKey<TKey>(TimeSpan first, TimeSpan limit) : RateLimiter<TKey>
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, int> _failures = [];

    /// <inheritdoc/>
    public override TimeSpan Next(TKey key)
    {
        int failures;
        lock (_gate)
        {
            failures = _failures.GetValueOrDefault(key);
            _failures[key] = failures + 1;
        }

        var wait = first.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 60));
        return wait >= limit.TotalMilliseconds ? limit : TimeSpan.FromMilliseconds(wait);
    }

    /// <inheritdoc/>
    public override void Forget(TKey key)
    {
        lock (_gate)
        {
            _failures.Remove(key);
        }
    }

    /// <inheritdoc/>
    public override int Failures(TKey key)
    {
        lock (_gate)
        {
            return _failures.GetValueOrDefault(key);
        }
    }
}
