using Godwit.Qemu;

namespace Godwit.VirtHandler.Migration;

/// <summary>
/// A guest that QEMU has stopped because a disk refused it a write (a full one, say): now and then it is tried whether it goes on. While a
/// guest moves only its migration may let it run, and the move may take long.
/// </summary>
internal sealed class RefusedWrite(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CommandDeadline = TimeSpan.FromSeconds(5);
    private TimeSpan _pause = First;
    private long? _tried;

    /// <summary>
    /// Whether the guest stands still for a refused write and was not let go on a moment ago: a second after the first time, twice as long
    /// after each that was in vain, ten seconds at most.
    /// </summary>
    public bool IsDue(string runState)
    {
        var waited = _tried is { } at ? time.GetElapsedTime(at) : (TimeSpan?)null;
        if (runState != RunStates.IoError)
        {
            // Just let go on it may not have come to its write yet.
            if (waited > First)
            {
                (_pause, _tried) = (First, null);
            }

            return false;
        }

        return waited is null || waited >= _pause;
    }

    /// <summary>Lets the guest go on, with the write that was refused first.</summary>
    public async Task RetryAsync(QmpClient qmp, CancellationToken cancellationToken)
    {
        Note();
        try
        {
            await qmp.ContinueAsync(cancellationToken, CommandDeadline);
        }
        catch (QmpException)
        {
            // The switch has just begun, and QEMU says that the migration is not finalized: the guest goes on at the target.
        }
    }

    /// <summary>It is let go on now.</summary>
    public void Note()
    {
        _pause = _tried is null ? First : _pause * 2 < Longest ? _pause * 2 : Longest;
        _tried = time.GetTimestamp();
    }
}
