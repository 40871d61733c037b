namespace Godwit.Machinery;

/// <summary>Keeps the overall rate of retries: a burst is free, then each waits for its token, whatever its key.</summary>
public sealed class TokenBucket<TKey>(double perSecond, int burst, TimeProvider clock) : RateLimiter<TKey>
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private double _tokens = burst;
    private long _at = clock.GetTimestamp();

    /// <inheritdoc/>
    public override TimeSpan Next(TKey key) => Take();

    /// <summary>Takes a token even if that means a debt; the answer is how long until the debt is paid.</summary>
    public TimeSpan Take()
    {
        lock (_gate)
        {
            Refill();
            _tokens -= 1;
            return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / perSecond);
        }
    }

    /// <summary>Takes a token if there is one.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            Refill();
            if (_tokens < 1)
            {
                return false;
            }

            _tokens -= 1;
            return true;
        }
    }

    /// <inheritdoc/>
    public override void Forget(TKey key)
    {
    }

    /// <inheritdoc/>
    public override int Failures(TKey key) => 0;

    private void Refill()
    {
        var now = clock.GetTimestamp();
        _tokens = Math.Min(burst, _tokens + (clock.GetElapsedTime(_at, now).TotalSeconds * perSecond));
        _at = now;
    }
}
