namespace Godwit.VirtController;

/// <summary>Why a migration failed, as far as it matters for when the next attempt makes sense.</summary>
public enum FailureCause
{
    /// <summary>Anything else.</summary>
    Other,

    /// <summary>The nodes could not reach each other, or lost each other.</summary>
    Network,

    /// <summary>The target pod or its QEMU ended.</summary>
    TargetDied,

    /// <summary>No node had room for the target pod, or a quota was used up.</summary>
    NoCapacity,

    /// <summary>The guest wrote faster than its memory could be sent.</summary>
    NotConverging,

    /// <summary>The target cannot carry on this guest.</summary>
    Incompatible,
}
