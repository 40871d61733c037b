namespace Godwit.Machinery;

/// <summary>Says how long a key has to wait before it is worked on again.</summary>
public abstract class RateLimiter<TKey>
    where TKey : notnull
{
    /// <summary>Time to wait; each call counts as one more failure of the key.</summary>
    public abstract TimeSpan Next(TKey key);

    /// <summary>The key is well: start from the beginning next time.</summary>
    public abstract void Forget(TKey key);

    /// <summary>Failures of the key so far.</summary>
    public abstract int Failures(TKey key);
}

/// <summary>The usual limiters.</summary>
public static class RateLimiters
{
    /// <summary>Per key 5 ms, doubling up to a minute; over all keys ten a second after a burst of a hundred.</summary>
    public static RateLimiter<TKey> Default<TKey>(TimeProvider clock)
        where TKey : notnull => new SlowestOf<TKey>(
            new ExponentialPerKey<TKey>(TimeSpan.FromMilliseconds(5), TimeSpan.FromMinutes(1)),
            new TokenBucket<TKey>(10, 100, clock));
}
