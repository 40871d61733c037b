using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What must be known to decide about a VMI.</summary>
public sealed record VmiFacts
{
    public required VirtualMachineInstance Vmi { get; init; }

    /// <summary>Every launcher pod that was made for this VMI and is still in the API, finished ones too.</summary>
    public IReadOnlyList<Pod> Pods { get; init; } = [];

    /// <summary>Claims that the VMI names and that do not exist.</summary>
    public IReadOnlyList<string> MissingClaims { get; init; } = [];

    /// <summary>A migration of a VMI of this name that has not ended.</summary>
    public VirtualMachineInstanceMigration? ActiveMigration { get; init; }

    /// <summary>UIDs of the VMI's migrations that have not ended.</summary>
    public IReadOnlyCollection<string> LiveMigrations { get; init; } = [];

    /// <summary>The VMI's node has left the cluster for good, or was declared to be off.</summary>
    public bool NodeGone { get; init; }

    /// <summary>When the end of the owner pod was first seen; null while it lives. A node that was away tells of it late.</summary>
    public DateTimeOffset? OwnerEndSeen { get; init; }

    /// <summary>The time, and what is known of the clock's steps.</summary>
    public required WallTime Wall { get; init; }

    public DateTimeOffset Now => Wall.Now;

    /// <summary>How much has passed since a time on record; nothing for none.</summary>
    public TimeSpan Since(DateTimeOffset? then) => then is { } time ? Wall.Since(time) : TimeSpan.Zero;
}
