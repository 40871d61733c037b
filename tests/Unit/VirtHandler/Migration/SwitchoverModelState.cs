using System.Runtime.InteropServices;
using Godwit.VirtHandler.Migration;

namespace Godwit.Unit.VirtHandler.Migration;

/// <summary>The record in the API. A change of content is a new version; a write that changes nothing is none.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ModelRecord(
    Owner Owner, bool Abort, bool Failed, bool Listening, bool Runs, bool PostCopy, bool Whole, byte Version);

/// <summary>A write on its way: it may arrive at any time, or never.</summary>
internal enum ModelWrite : byte
{
    None,
    Publish,
    Failure,
    Commit,
    CommitPostCopy,
    ReportArrival,
    Report,
    HandBack,
}

/// <summary>A write with the version that it rests on (only commit and hand-back name one).</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ModelMessage(ModelWrite Kind, byte Seen) : IComparable<ModelMessage>
{
    public override string ToString() => Kind == ModelWrite.None ? "-" : $"{Kind}@{Seen}";

    public int CompareTo(ModelMessage other) => ((int)Kind * 64) + Seen - (((int)other.Kind * 64) + other.Seen);
}

/// <summary>
/// One agent: what it last read, and what it has decided (on which version) but not yet done. A restart clears both. That a
/// commit rests on the version it was decided on, and not on one read since, is what the whole protocol rests on. What it knows
/// of commits that were sent goes with a restart; it can be found again only where the attempt shows that none can have been.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ModelSource(ModelRecord Seen, SourceAction Pending, byte DecidedOn, bool GivenUp, byte Ordering = 0, bool CommitSent = false);

[StructLayout(LayoutKind.Auto)]
internal readonly record struct ModelTarget(ModelRecord Seen, TargetAction Pending, byte DecidedOn);

/// <summary>How often each misfortune may still happen.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ModelBudget(
    byte Aborts, byte ControllerFailures, byte SourceAgentDeaths, byte TargetAgentDeaths, byte SourceQemuDeaths, byte TargetQemuDeaths, byte GiveUps,
    byte PostCopyOrders, byte ChannelBreaks);

/// <summary>Everything there is, at one moment.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ModelState(
    ModelRecord Record,
    SourcePhase Source,
    bool SourceRuns,
    bool Prepared,
    bool StoppedByHand,
    bool Ordered,
    bool SwitchesToPostCopy,
    TargetPhase Target,
    bool Released,
    bool TargetEverRan,
    ModelSource SourceAgent,
    ModelTarget TargetAgent,
    ModelMessage First,
    ModelMessage Second,
    ModelMessage Third,
    ModelBudget Budget)
{
    public bool TargetRuns => Target is TargetPhase.Running or TargetPhase.PostCopyRunning || (Target == TargetPhase.PostCopyPaused && TargetEverRan);

    private bool IsSplit => Source is SourcePhase.PostCopy or SourcePhase.PostCopyPaused
        || Target is TargetPhase.PostCopyHeld or TargetPhase.PostCopyRunning or TargetPhase.PostCopyPaused;

    /// <summary>No process holds the guest any more, through deaths that no protocol can mend.</summary>
    public bool Lost =>
        // The only copy that was allowed to run is dead, or the copy that could take over was never completed.
        (Source == SourcePhase.Gone && Target is not (TargetPhase.Loaded or TargetPhase.Running))
        // In post-copy each side holds what the other lacks.
        || (IsSplit && (Source == SourcePhase.Gone || Target == TargetPhase.Gone))
        || (Source == SourcePhase.Gone && Target == TargetPhase.Loaded && Record.Owner == Owner.Source && !IsCommit(First) && !IsCommit(Second) && !IsCommit(Third))
        || (Released && Target == TargetPhase.Gone);

    private static bool IsCommit(ModelMessage message) => message.Kind is ModelWrite.Commit or ModelWrite.CommitPostCopy;

    public override string ToString() =>
        $"record {Text(Record)} | source {Source} {(SourceRuns ? "runs" : "stands")}{(StoppedByHand ? " by hand" : "")}{(Ordered ? " ordered" : "")} reads {Text(SourceAgent.Seen)} does {SourceAgent.Pending}@{SourceAgent.DecidedOn}"
        + $" | target {Target}{(Released ? " released" : "")} reads {Text(TargetAgent.Seen)} does {TargetAgent.Pending}@{TargetAgent.DecidedOn} | {First} {Second} {Third}";

    private static string Text(ModelRecord r) =>
        $"v{r.Version} {r.Owner}{(r.Abort ? " abort" : "")}{(r.Failed ? " failed" : "")}{(r.Listening ? " listening" : "")}{(r.Runs ? " runs" : "")}{(r.PostCopy ? " postcopy" : "")}{(r.Whole ? " whole" : "")}";

    public static ModelState Start(ModelBudget budget)
    {
        var record = new ModelRecord(Owner.Source, false, false, false, false, false, false, 1);
        return new ModelState(
            record, SourcePhase.Idle, true, false, false, false, false, TargetPhase.NotPrepared, false, false,
            new ModelSource(record, SourceAction.Wait, 0, false), new ModelTarget(record, TargetAction.Wait, 0), default, default, default, budget);
    }
}
