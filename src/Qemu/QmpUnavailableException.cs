namespace Godwit.Qemu;

/// <summary>
/// No answer came: the monitor is gone, never greeted, or did not answer before the deadline. Whether a command that was
/// sent has had its effect is not known.
/// </summary>
public sealed class QmpUnavailableException : Exception
{
    public QmpUnavailableException(string message, bool timedOut, Exception? inner = null)
        : base(message, inner) => TimedOut = timedOut;

    /// <summary>True when the connection still stands and only the deadline passed: QEMU's main loop may be blocked.</summary>
    public bool TimedOut { get; }
}
