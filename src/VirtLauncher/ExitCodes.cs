namespace Godwit.VirtLauncher;

/// <summary>What the launcher's exit code says.</summary>
internal static class ExitCodes
{
    /// <summary>The guest shut down, was handed over, or was ended on purpose.</summary>
    public const int Done = 0;

    /// <summary>QEMU did not start, crashed, or had to be killed.</summary>
    public const int Failed = 1;

    /// <summary>Arguments or domain cannot be used.</summary>
    public const int BadInput = 2;
}
