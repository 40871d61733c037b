namespace Godwit.Unit;

/// <summary>A clock by which as much has passed as is said, and that was stepped by as much as is said.</summary>
internal sealed class SteppedClock(DateTimeOffset start) : TimeProvider
{
    public TimeSpan Passed { get; set; }

    public TimeSpan Step { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Passed.Ticks;

    public override DateTimeOffset GetUtcNow() => start + Passed + Step;
}
