namespace Godwit.VirtHandler.Migration;

/// <summary>What a pod of this node has to do with a VMI's migration.</summary>
public enum MigrationRole
{
    None,

    /// <summary>The guest is to leave this pod. It runs here until the hand-over.</summary>
    Source,

    /// <summary>The guest is to come here. Do not start it, and do not report on it.</summary>
    Target,
}
