using System.Collections.Concurrent;
using System.Globalization;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// When each node's agent was last heard, by what has passed here since and not by the time that its heartbeat tells: clocks are stepped,
/// and with one that is ahead all nodes would be silent at once.
/// </summary>
/// <param name="clock">Its timestamps count; its time of day only for what was there when this began.</param>
internal sealed class Heartbeats(TimeProvider clock)
{
    /// <summary>A node that seems to have been silent before this began is so once it has been listened to for this long: two beats.</summary>
    public static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(150);

    private readonly ConcurrentDictionary<string, Heard> _heard = new(StringComparer.Ordinal);

    /// <summary>For how long the node has not been heard; null: it never was. To be asked whenever the node has changed.</summary>
    public TimeSpan? Silence(Node node)
    {
        var name = node.Metadata.Name!;
        if (node.Metadata.Annotation(Annotations.Heartbeat) is not { } beat)
        {
            Forget(name);
            return null;
        }

        var heard = _heard.AddOrUpdate(
            name,
            _ => new(beat, clock.GetTimestamp(), BeforeThis(beat)),
            (_, known) => known.Beat == beat ? known : new(beat, clock.GetTimestamp(), TimeSpan.Zero));
        return heard.Before + clock.GetElapsedTime(heard.At);
    }

    /// <summary>The node has left the cluster.</summary>
    public void Forget(string node) => _heard.TryRemove(node, out _);

    private TimeSpan BeforeThis(string beat)
    {
        if (!DateTimeOffset.TryParse(beat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            return TimeSpan.Zero;
        }

        var age = (clock.GetUtcNow() - at).Ticks;
        return TimeSpan.FromTicks(Math.Clamp(age, 0, (NodeDecisions.HeartbeatTimeout - FirstLook).Ticks));
    }

    private sealed record Heard(string Beat, long At, TimeSpan Before);
}
