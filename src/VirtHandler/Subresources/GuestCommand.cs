namespace Godwit.VirtHandler.Subresources;

/// <summary>What a user may ask of a guest on this node.</summary>
public enum GuestCommand
{
    /// <summary>Stop the virtual CPUs; memory stays.</summary>
    Pause,

    /// <summary>Let a paused guest go on.</summary>
    Unpause,

    /// <summary>Press the reset button.</summary>
    Reset,
}
