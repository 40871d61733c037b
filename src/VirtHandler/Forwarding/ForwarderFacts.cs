namespace Godwit.VirtHandler.Forwarding;

/// <summary>All that is known about a pod from which tunnels lead, at one look.</summary>
public sealed record ForwarderFacts
{
    public required string PodUid { get; init; }

    /// <summary>By the time of the terms, see <see cref="ForwarderTime"/>; all other times here are by the same.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Null while the guest has not left this pod for good.</summary>
    public ForwarderTerms? Terms { get; init; }

    /// <summary>Tunnels to where the guest is or may come to be; the one in use first.</summary>
    public IReadOnlyList<Tunnel> Outgoing { get; init; } = [];

    /// <summary>The virtual machine is gone or about to go, or is another one.</summary>
    public bool GuestGone { get; init; }

    /// <summary>The pod in which the guest lives, by the record.</summary>
    public string? OwnerPodUid { get; init; }

    /// <summary>The migration that the record is about.</summary>
    public string? MigrationUid { get; init; }

    /// <summary>Whether that migration has failed.</summary>
    public bool MigrationFailed { get; init; }

    /// <summary>Whether that migration takes the guest on from the pod that this one forwards to, and the way there can be opened now.</summary>
    public bool MovesOn { get; init; }

    /// <summary>Connections of this pod that are still open.</summary>
    public int Flows { get; init; }

    /// <summary>Whether pods before this one still forward to it.</summary>
    public bool HasPredecessors { get; init; }

    /// <summary>Since when this node is to be emptied; null when it is not.</summary>
    public DateTimeOffset? DrainedSince { get; init; }

    /// <summary>When the pod will be ended by force, being deleted; null when it is not.</summary>
    public DateTimeOffset? PodEnds { get; init; }
}
