namespace Godwit.VirtHandler.Migration;

/// <summary>What the monitor may do.</summary>
public enum MonitorAction
{
    None,

    /// <summary>Allow QEMU a longer pause.</summary>
    RaiseDowntimeLimit,

    /// <summary>Stop the guest so that the rest gets through.</summary>
    PauseGuest,

    /// <summary>Let the guest run at the target and fetch the rest from here.</summary>
    StartPostCopy,

    /// <summary>Give the migration up.</summary>
    Cancel,
}
