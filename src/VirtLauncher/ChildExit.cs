namespace Godwit.VirtLauncher;

/// <summary>How a process ended: by a code, or by a signal.</summary>
internal sealed record ChildExit(int? Code, int? Signal)
{
    /// <summary>Reads the status word of <c>waitpid</c>.</summary>
    public static ChildExit FromWaitStatus(int status) =>
        (status & 0x7f) == 0 ? new ChildExit((status >> 8) & 0xff, null) : new ChildExit(null, status & 0x7f);
}
