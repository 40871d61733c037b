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

    /// <summary>Keep QEMU from switching: the API server does not answer, and without it the guest cannot be handed over.</summary>
    HoldSwitch,

    /// <summary>Let QEMU switch again.</summary>
    ReleaseSwitch,

    /// <summary>Give the migration up.</summary>
    Cancel,
}
