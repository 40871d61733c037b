namespace Godwit.Machinery;

/// <summary>Several limiters at once: the longest wait holds.</summary>
public sealed class SlowestOf<TKey>(params IReadOnlyList<RateLimiter<TKey>> limiters) : RateLimiter<TKey>
    where TKey : notnull
{
    /// <inheritdoc/>
    public override TimeSpan Next(TKey key) => limiters.Max(l => l.Next(key));

    /// <inheritdoc/>
    public override void Forget(TKey key)
    {
        foreach (var limiter in limiters)
        {
            limiter.Forget(key);
        }
    }

    /// <inheritdoc/>
    public override int Failures(TKey key) => limiters.Max(l => l.Failures(key));
}
