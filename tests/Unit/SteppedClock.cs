using Microsoft.Extensions.Time.Testing;

namespace Godwit.Unit;

/// <summary>A clock by which as much has passed as is said, and whose wall was stepped by as much as is said: timers do not notice.</summary>
internal sealed class SteppedClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    public TimeSpan Step { get; set; }

    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Step;
}
