namespace Godwit.VirtHandler.Migration;

/// <summary>The copies of disks that the other side does not see, taken together.</summary>
public enum MirrorPhase
{
    /// <summary>No job exists: not begun, or ended in order, as the migration's own phase tells.</summary>
    None,
    Copying,

    /// <summary>All copies are complete and kept so.</summary>
    Ready,

    /// <summary>A copy ended with an error.</summary>
    Broken,
}
