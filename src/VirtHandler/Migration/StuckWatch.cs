namespace Godwit.VirtHandler.Migration;

/// <summary>Tells when a migration has stood in one phase for longer than that phase may last.</summary>
public sealed class StuckWatch(TimeProvider time)
{
    private SourcePhase _phase;
    private long _since = time.GetTimestamp();

    public bool IsStuck(SourcePhase phase)
    {
        if (phase != _phase)
        {
            _phase = phase;
            _since = time.GetTimestamp();
        }

        return Limit(phase) is { } limit && time.GetElapsedTime(_since) > limit;
    }

    /// <summary>Starts counting again, after something was done about it.</summary>
    public void Restart() => _since = time.GetTimestamp();

    // The guest stands still in pre-switchover and device: a pause of seconds is worse than a migration that failed.
    private static TimeSpan? Limit(SourcePhase phase) => phase switch
    {
        SourcePhase.Setup => TimeSpan.FromSeconds(15),
        SourcePhase.PreSwitchover => TimeSpan.FromSeconds(5),
        SourcePhase.Device or SourcePhase.Switching => TimeSpan.FromSeconds(10),
        SourcePhase.PostCopyRecovering => TimeSpan.FromSeconds(10),
        SourcePhase.Cancelling or SourcePhase.EarlierUnderWay => TimeSpan.FromSeconds(5),
        SourcePhase.Unreachable => TimeSpan.FromSeconds(3),
        _ => null,
    };
}
