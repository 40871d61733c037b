namespace Godwit.VirtHandler.Migration;

/// <summary>All that the source's next step depends on: the record in the API, QEMU, and the monitor's verdict.</summary>
public sealed record SourceFacts
{
    public required Owner Owner { get; init; }

    /// <summary>How long ago the youngest question was asked that the API server has answered.</summary>
    public TimeSpan SinceAnswer { get; init; }

    /// <summary>How long the slowest of the API server's last answers took.</summary>
    public TimeSpan AnswerTime { get; init; }

    /// <summary>For how long the guest has stood still for the switch; zero while it has not.</summary>
    public TimeSpan Standing { get; init; }

    /// <summary>For how long it may stand still for an API server that does not answer; longer where answers have been slow.</summary>
    public TimeSpan MayStand { get; init; } = TimeSpan.FromMilliseconds(MonitorRules.DefaultMaxDowntimeMs / 2);

    /// <summary>A commit of this attempt may be on its way, or have arrived, whatever the last reading of the record says.</summary>
    public bool CommitSent { get; init; }

    /// <summary>The record says that the migration has failed. Once written it is never taken back.</summary>
    public bool Failed { get; init; }

    public bool AbortRequested { get; init; }

    /// <summary>The target's address is in the record.</summary>
    public bool TargetListening { get; init; }

    /// <summary>The record says that the guest runs at the target and needs nothing from here any more.</summary>
    public bool TargetRuns { get; init; }

    /// <summary>Post-copy was ordered: the commit comes before the switch, and after it only the target may run.</summary>
    public bool PostCopy { get; init; }

    /// <summary>The target has said that the guest is with it, though by post-copy its memory may still be on the way.</summary>
    public bool TargetArrived { get; init; }

    /// <summary>Post-copy's channel is open but nothing has come through it for longer than it may.</summary>
    public bool Stalled { get; init; }

    /// <summary>The record says that what was still to be fetched from here is lost.</summary>
    public bool LossRecorded { get; init; }

    public required SourcePhase Phase { get; init; }

    public MirrorPhase Mirrors { get; init; }

    /// <summary>There are disks to copy.</summary>
    public bool HasMirrors { get; init; }

    /// <summary>The guest does not run, and would if it were told to.</summary>
    public bool GuestStopped { get; init; }

    /// <summary>It does not run because its user paused it.</summary>
    public bool PausedByUser { get; init; }

    /// <summary>It does not run because a disk refused it a write, and it is time to let it try again.</summary>
    public bool RetryDue { get; init; }

    /// <summary>QEMU has given no answer, or stood in a phase that should pass at once, for longer than it may.</summary>
    public bool Stuck { get; init; }

    /// <summary>The monitor has given the migration up, and this is why.</summary>
    public string? GivenUp { get; init; }

    /// <summary>The API server will not take the commit though nothing speaks against it in the record, and these are its words.</summary>
    public string? CommitRefused { get; init; }

    /// <summary>QEMU's words about its failure.</summary>
    public string? Error { get; init; }

    /// <summary>QEMU has been set up for this attempt and its copies of disks have been started.</summary>
    public bool Prepared { get; init; }

    /// <summary>Objects of this attempt are left in QEMU.</summary>
    public bool HasLeftovers { get; init; }
}
