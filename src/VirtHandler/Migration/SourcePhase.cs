namespace Godwit.VirtHandler.Migration;

/// <summary>What the source's QEMU says about this attempt. A status that an earlier migration left behind counts as Idle.</summary>
public enum SourcePhase
{
    Idle,

    /// <summary>An earlier attempt is still under way in QEMU; the guest may be standing still for its switch.</summary>
    EarlierUnderWay,

    /// <summary>An earlier attempt has sent everything, and its guest was left standing still here.</summary>
    EarlierCompleted,
    Setup,

    /// <summary>Pages flow; the guest runs. States that we do not know count as this.</summary>
    Active,

    /// <summary>The guest stands still and QEMU waits for us.</summary>
    PreSwitchover,

    /// <summary>Post-copy was ordered and QEMU has not reached the switch yet; the guest stands still.</summary>
    Switching,

    /// <summary>The last of the state is under way; the guest stands still.</summary>
    Device,
    Cancelling,

    /// <summary>The guest may run at the target, which fetches its pages from here. No way back.</summary>
    PostCopy,

    /// <summary>Post-copy, and its channel is broken.</summary>
    PostCopyPaused,

    /// <summary>Post-copy, and a new channel is being made.</summary>
    PostCopyRecovering,

    /// <summary>The target has everything and the source will not run again by itself.</summary>
    Completed,

    /// <summary>Failed or cancelled.</summary>
    Failed,

    /// <summary>The process is proven to be gone.</summary>
    Gone,

    /// <summary>No answer, though the process may live.</summary>
    Unreachable,
}
