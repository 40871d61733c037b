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

    /// <summary>The record says that the guest runs here, perhaps with a part of its memory still to come.</summary>
    public bool ArrivalReported { get; init; }

    /// <summary>The record says that the guest runs here and all of it has arrived.</summary>
    public bool RunReported { get; init; }

    /// <summary>The guest was handed over by post-copy.</summary>
    public bool PostCopy { get; init; }

    /// <summary>The source has found post-copy's channel broken.</summary>
    public bool ChannelBroken { get; init; }

    /// <summary>The source's QEMU has ended with what was still to be fetched from it.</summary>
    public bool SourceLost { get; init; }

    /// <summary>QEMU has given no answer for longer than it may.</summary>
    public bool Stuck { get; init; }

    /// <summary>The exports that received the disks are still open.</summary>
    public bool ExportsOpen { get; init; }

    /// <summary>The user paused the guest at the source: it stays so.</summary>
    public bool PausedByUser { get; init; }

    /// <summary>The guest stands still here because a disk refused it a write, and it is time to let it try again.</summary>
    public bool RetryDue { get; init; }

    /// <summary>The guest came to its end inside before it moved, as by a panic, and nothing but a reset lets it go on.</summary>
    public bool Halted { get; init; }

    /// <summary>The way here for the source's packets is still open in the pod's network, or objects are left in QEMU.</summary>
    public bool HasLeftovers { get; init; }
}
