namespace Godwit.VirtHandler.Migration;

/// <summary>
/// Tells when a migration has stood in one phase for longer than that phase may last. While the guest stands still for the last of its
/// state, bytes that move count as a beginning: a link that is only slow is given time, one that carries nothing is not.
/// </summary>
public sealed class StuckWatch(TimeProvider time)
{
    /// <summary>A pause of seconds is worse than a migration that failed. A target on a busy machine takes some tenths to load the devices.</summary>
    private static readonly TimeSpan StandingLimit = TimeSpan.FromSeconds(3);

    private SourcePhase _phase;
    private long _moved;
    private long _since = time.GetTimestamp();

    /// <summary>Whether it has been too long, now that the phase is this one and QEMU has sent so many bytes.</summary>
    public bool IsStuck(SourcePhase phase, long moved)
    {
        if (phase == SourcePhase.Unreachable && IsLast(_phase))
        {
            // QEMU answers nothing while it sends the last and nobody takes it, maybe from the order to go on: counted from what moved last.
            return time.GetElapsedTime(_since) > StandingLimit;
        }

        if (phase != _phase || (IsLast(phase) && moved != _moved))
        {
            _phase = phase;
            _moved = moved;
            _since = time.GetTimestamp();
        }

        return Limit(phase) is { } limit && time.GetElapsedTime(_since) > limit;
    }

    /// <summary>Starts counting again, after something was done about it.</summary>
    public void Restart() => _since = time.GetTimestamp();

    private static bool IsLast(SourcePhase phase) => phase is SourcePhase.PreSwitchover or SourcePhase.Switching or SourcePhase.Device;

    private static TimeSpan? Limit(SourcePhase phase) => phase switch
    {
        SourcePhase.Setup => TimeSpan.FromSeconds(15),
        SourcePhase.PreSwitchover => TimeSpan.FromSeconds(5),
        SourcePhase.Device or SourcePhase.Switching => StandingLimit,
        SourcePhase.PostCopyRecovering => TimeSpan.FromSeconds(10),
        SourcePhase.Cancelling or SourcePhase.EarlierUnderWay => TimeSpan.FromSeconds(5),
        SourcePhase.Unreachable => TimeSpan.FromSeconds(3),
        _ => null,
    };
}
