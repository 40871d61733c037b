using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What must be known to decide about a migration.</summary>
public sealed record MigrationFacts
{
    public required VirtualMachineInstanceMigration Migration { get; init; }

    /// <summary>The VMI that is to move, null when it is gone.</summary>
    public VirtualMachineInstance? Vmi { get; init; }

    /// <summary>The pod that was made for this migration.</summary>
    public Pod? TargetPod { get; init; }

    /// <summary>The pod that owns the guest now.</summary>
    public Pod? OwnerPod { get; init; }

    /// <summary>Launcher pods of the VMI that have not finished, but for forwarders.</summary>
    public int UnfinishedPods { get; init; }

    /// <summary>UIDs of all launcher pods of the VMI that have not finished.</summary>
    public IReadOnlyCollection<string> LivePods { get; init; } = [];

    /// <summary>All migrations of this VMI, this one included.</summary>
    public IReadOnlyList<VirtualMachineInstanceMigration> Siblings { get; init; } = [];

    /// <summary>A place is free under the limits of parallel migrations.</summary>
    public bool HasSlot { get; init; } = true;

    /// <summary>A place is free at the node of the target pod.</summary>
    public bool HasInboundSlot { get; init; } = true;

    /// <summary>Every node that could take the VMI receives as many migrations as may.</summary>
    public bool AllTargetsFull { get; init; }

    /// <summary>Nodes that the target pod is to keep away from, as they are full.</summary>
    public IReadOnlySet<string> FullNodes { get; init; } = new HashSet<string>();

    /// <summary>The settings that would hold if the migration began now, and the policy that they come from.</summary>
    public MigrationConfiguration Configuration { get; init; } = MigrationSettings.Default;

    public string? PolicyName { get; init; }

    /// <summary>The target's node has left the cluster for good, so nothing can run there any more.</summary>
    public bool TargetNodeGone { get; init; }

    /// <summary>The target's node has an object that says what is the matter with it.</summary>
    public bool TargetNodeKnown { get; init; }

    /// <summary>What became of the source, once it is certain that nothing of it runs any more; null before.</summary>
    public string? SourceLoss { get; init; }

    /// <summary>When progress was last copied into the migration's status.</summary>
    public DateTimeOffset? Copied { get; init; }

    /// <summary>The time, and what is known of the clock's steps.</summary>
    public required WallTime Wall { get; init; }

    public DateTimeOffset Now => Wall.Now;

    /// <summary>How much has passed since a time on record; nothing for none.</summary>
    public TimeSpan Since(DateTimeOffset? then) => then is { } time ? Wall.Since(time) : TimeSpan.Zero;

    /// <summary>The VMI's migration state, when it is this migration's.</summary>
    public MigrationState? OwnState =>
        Vmi?.Status?.MigrationState is { } state && state.MigrationUid == Migration.Metadata.Uid ? state : null;

    /// <summary>The guest belongs to the target: from here on there is no way back but a rollback.</summary>
    public bool Committed =>
        OwnState?.TargetPodUID is { } target && Vmi?.Status?.OwnerPodUID == target;

    public string Phase => Migration.Status?.Phase ?? MigrationPhases.Unset;
}
