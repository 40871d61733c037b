namespace Godwit.VirtHandler.Migration;

/// <summary>What the source's QEMU says about this attempt. A status that an earlier migration left behind counts as Idle.</summary>
public enum SourcePhase
{
    Idle,
    Setup,

    /// <summary>Pages flow; the guest runs. States that we do not know count as this.</summary>
    Active,

    /// <summary>The guest stands still and QEMU waits for us.</summary>
    PreSwitchover,

    /// <summary>The last of the state is under way; the guest stands still.</summary>
    Device,
    Cancelling,

    /// <summary>The target has everything and the source will not run again by itself.</summary>
    Completed,

    /// <summary>Failed or cancelled.</summary>
    Failed,

    /// <summary>The process is proven to be gone.</summary>
    Gone,

    /// <summary>No answer, though the process may live.</summary>
    Unreachable,
}
