namespace Godwit.VirtHandler.Migration;

/// <summary>What there is at the target.</summary>
public enum TargetPhase
{
    /// <summary>No domain has been given to the launcher.</summary>
    NotPrepared,

    /// <summary>The launcher has its domain; QEMU does not answer yet.</summary>
    Starting,

    /// <summary>QEMU waits for orders.</summary>
    Waiting,
    Listening,
    Receiving,

    /// <summary>Everything has arrived; the guest is held.</summary>
    Loaded,
    Running,

    /// <summary>Post-copy: enough has arrived to run, and the guest is held.</summary>
    PostCopyHeld,

    /// <summary>Post-copy: the guest runs while the rest arrives.</summary>
    PostCopyRunning,

    /// <summary>Post-copy: the channel is broken; the guest stands still as soon as it touches a missing page.</summary>
    PostCopyPaused,

    /// <summary>The stream broke: this QEMU is of no more use.</summary>
    Failed,

    /// <summary>The process is proven to be gone.</summary>
    Gone,

    /// <summary>No answer, though the process may live.</summary>
    Unreachable,
}
