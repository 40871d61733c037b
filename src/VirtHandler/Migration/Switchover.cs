using System.Globalization;

namespace Godwit.VirtHandler.Migration;

/// <summary>
/// The rules of the hand-over: facts in, one step out. At no instant may two copies of a guest run, and there must always
/// be a way back to a running guest. It rests on three things. The record is moved only by compare-and-swap against a
/// version in which neither an abort nor a failure stood. A target runs only after it has read that the record names it.
/// A source whose QEMU has completed runs again only after the failure is on record while the record still names it: that
/// write outdates every commit that may still be under way. Where none was sent, nothing has to be outdated, and the guest need
/// not stand still for an API server that does not answer.
/// Post-copy turns the order round: the guest is stopped first, so that its source never resumes it by itself, then the record
/// is moved, then the switch is made; from there on the source only holds pages, and a broken channel is made again.
/// </summary>
public static class Switchover
{
    /// <summary>The switch begins only when the API server has answered a question that is no older: the guest stands still until the commit.</summary>
    private static readonly TimeSpan HeardBeforeSwitch = TimeSpan.FromMilliseconds(300);

    /// <summary>However slow its answers are, a guest stands still for no longer because of it.</summary>
    private static readonly TimeSpan LongestForSlowServer = TimeSpan.FromSeconds(3);

    private const string WriteRefused = "a disk refused the guest a write (is it full?); it is tried whether the guest goes on";

    public static SourceDecision DecideSource(SourceFacts facts) => facts.Owner switch
    {
        Owner.Target => DecideCommittedSource(facts),
        // A record that names neither side is not ours to act on, in any direction.
        Owner.Other => new(SourceAction.Done, "the record names a pod that takes no part in this migration"),
        _ => DecideEarlier(facts) ?? (facts.Failed ? DecideFailedSource(facts) : DecideOwningSource(facts)),
    };

    /// <summary>
    /// Whether an agent that was here before may have sent a commit, when an attempt is found in this phase. One is sent only where the
    /// guest stands still, and from there no way leads back.
    /// </summary>
    public static bool MayBeCommitted(SourcePhase found) =>
        found is not (SourcePhase.Idle or SourcePhase.EarlierUnderWay or SourcePhase.EarlierCompleted or SourcePhase.Setup or SourcePhase.Active or SourcePhase.Switching);

    /// <summary>
    /// An attempt that the record is not about any more, whose end no agent was there to see. Its commit names its own migration and
    /// cannot be taken now; its guest may be standing still for a switch that will not come.
    /// </summary>
    private static SourceDecision? DecideEarlier(SourceFacts facts) => facts switch
    {
        { Phase: SourcePhase.EarlierUnderWay, Stuck: true } => new(SourceAction.Yank, "QEMU does not let go of an earlier migration"),
        { Phase: SourcePhase.EarlierUnderWay } => new(SourceAction.EndEarlier, "an earlier migration is still under way in QEMU"),
        { Phase: SourcePhase.EarlierCompleted, PausedByUser: false } => new(SourceAction.EndEarlier, "an earlier migration has left the guest standing still"),
        _ => null,
    };

    public static TargetDecision DecideTarget(TargetFacts facts) => facts.Owner switch
    {
        Owner.Target => DecideOwningTarget(facts),
        Owner.Other => DecideUnwantedTarget(facts, "another pod owns the guest"),
        _ when facts.Superseded => DecideUnwantedTarget(facts, "the record is about another migration"),
        _ when facts.Failed => DecideUnwantedTarget(facts, "the migration has failed"),
        _ => DecidePreparingTarget(facts),
    };

    private static SourceDecision DecideCommittedSource(SourceFacts facts) => facts switch
    {
        { PostCopy: true, TargetRuns: false } => DecidePostCopySource(facts),
        { TargetRuns: false } => new(SourceAction.Wait, "committed; the guest is held here until the target says that it runs"),
        { Phase: SourcePhase.Gone } => new(SourceAction.Done, "the target runs and this copy is gone"),
        _ => new(SourceAction.Finish, "the target runs"),
    };

    private static SourceDecision DecidePostCopySource(SourceFacts facts) => facts switch
    {
        { Phase: SourcePhase.Gone, LossRecorded: true } => new(SourceAction.Done, "QEMU is gone, and the target knows"),
        { Phase: SourcePhase.Gone } => new(SourceAction.RecordLoss, "QEMU has ended, and what the target had not fetched yet with it"),
        { Phase: SourcePhase.PreSwitchover } => new(SourceAction.Continue, "the record names the target, which fetches the rest from here"),
        // Until it has loaded the devices, a target whose channel ends gives up and takes the guest with it (QEMU 10.0, seen); TCP alone
        // bridges an outage of many minutes.
        { Phase: SourcePhase.PostCopy, Stalled: true, TargetArrived: false } => new(SourceAction.Wait, "nothing comes through, and the target has not taken the guest over yet"),
        { Phase: SourcePhase.PostCopy, Stalled: true } => new(SourceAction.BreakChannel, "nothing comes through the channel any more"),
        { Phase: SourcePhase.PostCopyRecovering, Stuck: true } => new(SourceAction.BreakChannel, "the new channel does not come about"),
        { Phase: SourcePhase.PostCopyPaused } => new(SourceAction.RecoverChannel, "the channel is broken"),
        _ => new(SourceAction.Wait, "the target fetches the rest from here"),
    };

    private static SourceDecision DecideFailedSource(SourceFacts facts) => facts switch
    {
        { Phase: SourcePhase.Gone } => new(SourceAction.Done, "QEMU is gone"),
        { Phase: SourcePhase.PostCopy or SourcePhase.PostCopyPaused or SourcePhase.PostCopyRecovering } =>
            new(SourceAction.GiveUp, "the target ended in post-copy before it ran; QEMU cannot let the guest go on here"),
        { Phase: SourcePhase.Unreachable, Stuck: true } => new(SourceAction.Yank, "QEMU does not answer"),
        { Phase: SourcePhase.Unreachable } => new(SourceAction.Wait, "QEMU does not answer"),
        { Phase: SourcePhase.Setup or SourcePhase.Active or SourcePhase.Switching or SourcePhase.PreSwitchover } =>
            new(SourceAction.Cancel, "the record says that the migration has failed"),
        { Phase: SourcePhase.Device or SourcePhase.Cancelling, Stuck: true } => new(SourceAction.Yank, "QEMU does not let go of the migration"),
        { Phase: SourcePhase.Device } => new(SourceAction.Cancel, "the record says that the migration has failed"),
        { Phase: SourcePhase.Cancelling } => new(SourceAction.Wait, "QEMU is cancelling"),
        { GuestStopped: true, PausedByUser: false } => new(SourceAction.Resume, "the migration has failed; the guest goes on here"),
        { HasLeftovers: true } or { Mirrors: not MirrorPhase.None } => new(SourceAction.CleanUp, "the migration has failed"),
        _ => new(SourceAction.Done, "the migration has failed; the guest runs on"),
    };

    private static SourceDecision DecideOwningSource(SourceFacts facts)
    {
        var stop = facts.AbortRequested ? "an abort was requested" : facts.GivenUp;
        return facts.Phase switch
        {
            SourcePhase.Gone => new(SourceAction.RecordFailure, "the source's QEMU has ended"),
            SourcePhase.Failed when facts is { GuestStopped: true, PausedByUser: false, CommitSent: false } =>
                new(SourceAction.Resume, facts.Error ?? stop ?? "QEMU gave no reason"),
            SourcePhase.Failed => new(SourceAction.RecordFailure, facts.Error ?? stop ?? "QEMU gave no reason"),
            SourcePhase.Unreachable when facts.Stuck => new(SourceAction.Yank, "QEMU does not answer"),
            SourcePhase.Unreachable => new(SourceAction.Wait, "QEMU does not answer"),
            SourcePhase.Cancelling => facts.Stuck
                ? new(SourceAction.Yank, "QEMU does not finish cancelling")
                : new(SourceAction.Wait, "QEMU is cancelling"),
            SourcePhase.Completed when facts.AbortRequested =>
                new(SourceAction.RecordFailure, "an abort was requested before the guest was handed over"),
            SourcePhase.Completed when !AnsweredSinceStop(facts) => DecideDeafCompleted(facts),
            // Else the guest would stand still for as long as the server will not.
            SourcePhase.Completed when facts.CommitRefused is { } refusal =>
                new(SourceAction.RecordFailure, $"the API server does not take the hand-over: {refusal}"),
            SourcePhase.Completed => new(SourceAction.Commit, "everything has arrived at the target"),
            SourcePhase.Device when facts.Stuck => new(SourceAction.Yank, "QEMU does not get the last of the state through"),
            SourcePhase.Device when stop is not null => new(SourceAction.Cancel, stop),
            SourcePhase.Device => new(SourceAction.Wait, "the last of the state is under way"),
            SourcePhase.Idle or SourcePhase.EarlierCompleted => DecideIdle(facts, stop),
            SourcePhase.PostCopy or SourcePhase.PostCopyPaused or SourcePhase.PostCopyRecovering =>
                new(SourceAction.Wait, "the switch came before the commit; the rest has to arrive first"),
            _ when stop is not null => new(SourceAction.Cancel, stop),
            _ when facts.Mirrors == MirrorPhase.Broken => new(SourceAction.Cancel, "a disk could not be copied"),
            SourcePhase.PreSwitchover => DecidePreSwitchover(facts),
            SourcePhase.Switching when facts.Stuck => new(SourceAction.Cancel, "QEMU does not switch to post-copy"),
            SourcePhase.Switching => new(SourceAction.Wait, "post-copy is ordered; the guest stands still"),
            SourcePhase.Setup when facts.Stuck => new(SourceAction.Cancel, "the target did not take the connection in time"),
            SourcePhase.Setup or SourcePhase.Active when facts.RetryDue => new(SourceAction.RetryWrite, WriteRefused),
            _ => new(SourceAction.Wait, "pages flow"),
        };
    }

    private static SourceDecision DecideIdle(SourceFacts facts, string? stop) => facts switch
    {
        _ when stop is not null => new(SourceAction.RecordFailure, stop),
        { Mirrors: MirrorPhase.Broken } => new(SourceAction.RecordFailure, facts.Error ?? "a disk could not be copied"),
        { Phase: SourcePhase.Idle, RetryDue: true } => new(SourceAction.RetryWrite, WriteRefused),
        { TargetListening: false } => new(SourceAction.Wait, "the target is being prepared"),
        { Prepared: false } => new(SourceAction.Start, "the target listens"),
        { Mirrors: MirrorPhase.Copying } => new(SourceAction.Wait, "disks are being copied"),
        { HasMirrors: true, Mirrors: MirrorPhase.None } => new(SourceAction.RecordFailure, "the copies of disks have ended by themselves"),
        _ => new(SourceAction.Migrate, "all that goes before the memory is done"),
    };

    /// <summary>Everything has arrived, and since the guest stopped the API server has answered nothing.</summary>
    private static SourceDecision DecideDeafCompleted(SourceFacts facts) => facts switch
    {
        { CommitSent: true } => new(SourceAction.Wait, "the hand-over was sent and only the API server knows whether it took effect; neither copy may run"),
        { PausedByUser: false } when facts.Standing > Patience(facts, facts.MayStand) => new(SourceAction.Resume, Unheard(facts)),
        _ => new(SourceAction.Wait, "everything has arrived; the API server has to answer before the guest can be handed over"),
    };

    /// <summary>The server has answered a question that was asked when the guest stood still already.</summary>
    private static bool AnsweredSinceStop(SourceFacts facts) => facts.SinceAnswer <= facts.Standing;

    /// <summary>
    /// A server that answers slowly, or a node that is too busy to hear it, is waited for twice as long as its last answers took: it is
    /// not silent, and without that no migration would come to its end there.
    /// </summary>
    private static TimeSpan Patience(SourceFacts facts, TimeSpan usual)
    {
        var slow = facts.AnswerTime * 2 < LongestForSlowServer ? facts.AnswerTime * 2 : LongestForSlowServer;
        return slow > usual ? slow : usual;
    }

    private static string Unheard(SourceFacts facts) => string.Create(
        CultureInfo.InvariantCulture,
        $"the API server did not answer when the guest was to be handed over (silent for {facts.SinceAnswer.TotalMilliseconds:0} ms, the guest stood still for {facts.Standing.TotalMilliseconds:0} ms)");

    private static SourceDecision DecidePreSwitchover(SourceFacts facts) => facts switch
    {
        _ when facts.SinceAnswer > Patience(facts, HeardBeforeSwitch) || (facts.PostCopy && !AnsweredSinceStop(facts)) => facts switch
        {
            { CommitSent: true } => new(SourceAction.Wait, "the hand-over was sent and only the API server knows whether it took effect; neither copy may run"),
            _ when facts.Standing > Patience(facts, facts.MayStand) => new(SourceAction.Cancel, Unheard(facts)),
            _ => new(SourceAction.Wait, "the API server has to answer before the switch"),
        },
        { Mirrors: MirrorPhase.Copying, Stuck: true } => new(SourceAction.Cancel, "the last disk writes do not get through"),
        { Mirrors: MirrorPhase.Copying } => new(SourceAction.Wait, "the last disk writes are under way"),
        { Mirrors: MirrorPhase.Ready } => new(SourceAction.EndMirrors, "the guest stands still and all disks are equal"),
        { PostCopy: true, CommitRefused: { } refusal } => new(SourceAction.Cancel, $"the API server does not take the hand-over: {refusal}"),
        { PostCopy: true } => new(SourceAction.Commit, "the guest stands still and can go on at the target"),
        _ => new(SourceAction.Continue, "nothing but the last of the memory is left"),
    };

    private static TargetDecision DecideOwningTarget(TargetFacts facts) => facts.Phase switch
    {
        TargetPhase.Gone or TargetPhase.NotPrepared when facts.MayHaveRun || facts.RunReported =>
            new(TargetAction.Done, "the guest has ended here"),
        TargetPhase.Gone or TargetPhase.NotPrepared => new(TargetAction.HandBack, "this copy ended before it ran"),
        TargetPhase.Failed => new(TargetAction.End, "this copy cannot run"),
        // Only when QEMU itself says that it lacks something: it may have had all when the source ended.
        TargetPhase.PostCopyPaused when facts.SourceLost => new(TargetAction.GiveUp, "the source's QEMU has ended with a part of the guest's memory"),
        TargetPhase.PostCopyPaused => new(TargetAction.RecoverChannel, "the channel is broken"),
        // Its main loop may hang on a page that cannot come; what it hears out of band it refuses when the channel is whole.
        TargetPhase.Unreachable when facts.PostCopy && facts.Stuck && !facts.RunReported =>
            new(TargetAction.RecoverChannel, "QEMU does not answer, perhaps for want of a page"),
        TargetPhase.PostCopyHeld or TargetPhase.PostCopyRunning when facts.ChannelBroken =>
            new(TargetAction.BreakChannel, "the source has found the channel broken"),
        TargetPhase.PostCopyHeld when facts.ExportsOpen => new(TargetAction.CloseExports, "the disks are complete"),
        TargetPhase.PostCopyHeld when !facts.PausedByUser => new(TargetAction.Run, "the record names this pod"),
        TargetPhase.PostCopyRunning when facts.RetryDue => new(TargetAction.RetryWrite, WriteRefused),
        TargetPhase.PostCopyHeld or TargetPhase.PostCopyRunning when !facts.ArrivalReported =>
            new(TargetAction.ReportArrival, "the guest is here, and the rest of its memory on its way"),
        TargetPhase.PostCopyHeld or TargetPhase.PostCopyRunning => new(TargetAction.Wait, "the rest of the memory arrives"),
        TargetPhase.Loaded when facts.RunReported => Report(facts, "the guest is here"),
        TargetPhase.Loaded when facts.ExportsOpen => new(TargetAction.CloseExports, "the disks are complete"),
        TargetPhase.Loaded when facts.PausedByUser => Report(facts, "the guest is here, paused by its user"),
        TargetPhase.Loaded when facts.Halted => Report(facts, "the guest is here, halted as it was"),
        TargetPhase.Loaded => new(TargetAction.Run, "the record names this pod"),
        TargetPhase.Running => Report(facts, "the guest runs here"),
        _ => new(TargetAction.Wait, "committed; the last of the state is arriving"),
    };

    private static TargetDecision Report(TargetFacts facts, string reason) => facts switch
    {
        { RunReported: false } => new(TargetAction.ReportRunning, reason),
        { HasLeftovers: true } => new(TargetAction.CleanUp, reason),
        _ => new(TargetAction.Done, reason),
    };

    private static TargetDecision DecideUnwantedTarget(TargetFacts facts, string reason) => facts.Phase switch
    {
        TargetPhase.Gone or TargetPhase.NotPrepared => new(TargetAction.Done, reason),
        _ => new(TargetAction.End, reason),
    };

    private static TargetDecision DecidePreparingTarget(TargetFacts facts) => facts.Phase switch
    {
        TargetPhase.NotPrepared => new(TargetAction.Prepare, "a guest is to come here"),
        TargetPhase.Waiting => new(TargetAction.Listen, "QEMU is up"),
        TargetPhase.Listening when !facts.Published => new(TargetAction.Publish, "QEMU listens"),
        TargetPhase.Loaded when facts.ExportsOpen => new(TargetAction.CloseExports, "the disks are complete"),
        // It must not run while the record names the source, however that came about.
        TargetPhase.Running or TargetPhase.PostCopyRunning => new(TargetAction.End, "it runs without owning the guest"),
        TargetPhase.Failed => new(TargetAction.Wait, "the stream broke; the source will say so"),
        TargetPhase.Gone => new(TargetAction.Wait, "QEMU ended; the source will notice"),
        _ => new(TargetAction.Wait, "the source is at work"),
    };
}
