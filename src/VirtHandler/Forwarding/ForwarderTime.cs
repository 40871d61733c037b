using Godwit.Types;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>
/// The time by which a pod forwards: that of its terms, and what has passed here since they were first seen. A step of this machine's clock
/// would end all connections otherwise, or let them stay for ever. One keeper's; not for several threads.
/// </summary>
internal sealed class ForwarderTime(TimeProvider clock)
{
    private (DateTimeOffset Since, DateTimeOffset Start, long At)? _terms;
    private (DateTimeOffset Deletion, DateTimeOffset End)? _end;

    /// <summary>What time it is for a pod under these terms; without terms, the time of day.</summary>
    public DateTimeOffset Now(ForwarderTerms? terms)
    {
        if (terms is null)
        {
            _terms = null;
            return clock.GetUtcNow();
        }

        if (_terms?.Since != terms.Since)
        {
            // Earlier than its beginning it cannot be: there the clock has been set back.
            var now = clock.GetUtcNow();
            _terms = (terms.Since, now < terms.Since ? terms.Since : now, clock.GetTimestamp());
        }

        return _terms.Value.Start + clock.GetElapsedTime(_terms.Value.At);
    }

    /// <summary>When the pod is ended by force, by the same time; null when it is not being deleted.</summary>
    /// <param name="metadata">The pod's. Its deletion is told by the API server's clock, which may be another time than this machine's.</param>
    /// <param name="now">See <see cref="Now"/>.</param>
    public DateTimeOffset? EndOf(ObjectMeta metadata, DateTimeOffset now)
    {
        if (metadata.DeletionTimestamp is not { } deletion)
        {
            return null;
        }

        if (_end?.Deletion != deletion)
        {
            var grace = TimeSpan.FromSeconds(metadata.DeletionGracePeriodSeconds ?? 0);
            var left = deletion - clock.GetUtcNow();
            _end = (deletion, now + (left > TimeSpan.Zero && left <= grace ? left : grace));
        }

        return _end.Value.End;
    }
}
