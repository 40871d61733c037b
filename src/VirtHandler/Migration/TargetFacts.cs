namespace Godwit.VirtHandler.Migration;

/// <summary>All that the target's next step depends on.</summary>
public sealed record TargetFacts
{
    public required Owner Owner { get; init; }

    /// <summary>The record is about another migration, or about none.</summary>
    public bool Superseded { get; init; }

    /// <summary>The record says that the migration has failed.</summary>
    public bool Failed { get; init; }

    public required TargetPhase Phase { get; init; }

    /// <summary>The order to run may have been given: noted on the target's own disk before it is sent.</summary>
    public bool MayHaveRun { get; init; }

    /// <summary>Our address is in the record.</summary>
    public bool Published { get; init; }

    /// <summary>The record says that the guest runs here.</summary>
    public bool RunReported { get; init; }

    /// <summary>The exports that received the disks are still open.</summary>
    public bool ExportsOpen { get; init; }

    /// <summary>The user paused the guest at the source: it stays so.</summary>
    public bool PausedByUser { get; init; }

    /// <summary>The way here for the source's packets is still open in the pod's network, or objects are left in QEMU.</summary>
    public bool HasLeftovers { get; init; }
}
