namespace Godwit.VirtHandler.Migration;

/// <summary>The target's steps.</summary>
public enum TargetAction
{
    Wait,

    /// <summary>Lay out disks and network and give the launcher its domain.</summary>
    Prepare,

    /// <summary>Compare the hardware, set QEMU up, and let it listen.</summary>
    Listen,

    /// <summary>Write the address into the record.</summary>
    Publish,

    /// <summary>Close the exports, now that the disks are complete.</summary>
    CloseExports,

    /// <summary>Let the guest run. Only ever while the record names this pod.</summary>
    Run,

    /// <summary>Let a guest that runs here, and that a disk has refused a write, try it again.</summary>
    RetryWrite,

    /// <summary>Write down that the guest runs here while the rest of its memory arrives.</summary>
    ReportArrival,

    /// <summary>Break a post-copy channel that the source has found dead.</summary>
    BreakChannel,

    /// <summary>Listen for post-copy's channel to be made again.</summary>
    RecoverChannel,

    /// <summary>End this QEMU, whose guest is beyond help: the rest of it ended with the source.</summary>
    GiveUp,

    /// <summary>Write down that the guest runs here and all of it has arrived.</summary>
    ReportRunning,

    /// <summary>Give the record back to the source: this copy never ran and never will.</summary>
    HandBack,

    /// <summary>End this QEMU.</summary>
    End,

    CleanUp,
    Done,
}
