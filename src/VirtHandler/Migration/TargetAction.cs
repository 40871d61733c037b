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

    /// <summary>Write down that the guest runs here.</summary>
    ReportRunning,

    /// <summary>Give the record back to the source: this copy never ran and never will.</summary>
    HandBack,

    /// <summary>End this QEMU.</summary>
    End,

    CleanUp,
    Done,
}
