using Godwit.Qemu;

namespace Godwit.VirtHandler.Migration;

/// <summary>What QEMU's words mean for a migration. Pure.</summary>
public static class Phases
{
    /// <summary>
    /// The source's phase. Its <paramref name="status"/> is about post-copy from the order on when <paramref name="postCopy"/>. QEMU's status counts only when <paramref name="begun"/>; and then a success that is not followed by
    /// <c>postmigrate</c> is one of an earlier migration, to here: ours was interrupted before QEMU heard of it. Only in
    /// <c>finish-migrate</c> it is ours, told a moment before the run state follows.
    /// </summary>
    public static SourcePhase OfSource(bool begun, string? status, string runState, bool postCopy = false) => (begun, status) switch
    {
        (false, MigrationStates.Setup or MigrationStates.Active or MigrationStates.PreSwitchover or MigrationStates.Device or MigrationStates.Cancelling) =>
            SourcePhase.EarlierUnderWay,
        (false, MigrationStates.Completed) when runState == RunStates.PostMigrate => SourcePhase.EarlierCompleted,
        (false, _) => SourcePhase.Idle,
        // An agent died before it could give the order, which whoever comes after it may: this QEMU has never heard one.
        (_, null or MigrationStates.None) => SourcePhase.Idle,
        (_, MigrationStates.Setup) => SourcePhase.Setup,
        (_, MigrationStates.PreSwitchover) => SourcePhase.PreSwitchover,
        (_, MigrationStates.Device) => SourcePhase.Device,
        (_, MigrationStates.Cancelling) => SourcePhase.Cancelling,
        (_, MigrationStates.Completed) => runState switch
        {
            RunStates.PostMigrate => SourcePhase.Completed,
            RunStates.FinishMigrate => SourcePhase.Device,
            _ => SourcePhase.Failed,
        },
        // QEMU is about to put the guest back where it was, and takes no order about it before.
        (_, MigrationStates.Failed or MigrationStates.Cancelled) when runState == RunStates.FinishMigrate => SourcePhase.Cancelling,
        (_, MigrationStates.Failed or MigrationStates.Cancelled) => SourcePhase.Failed,
        (_, MigrationStates.PostcopyActive) => SourcePhase.PostCopy,
        (_, MigrationStates.PostcopyPaused) => SourcePhase.PostCopyPaused,
        (_, MigrationStates.PostcopyRecover or MigrationStates.PostcopyRecoverSetup) => SourcePhase.PostCopyRecovering,
        _ => postCopy ? SourcePhase.Switching : SourcePhase.Active,
    };

    /// <summary>
    /// The target's phase. One that arrives is put into the run state that it had at the source, so a guest that a disk had stopped, or
    /// that had panicked, is held here like any other; only where the order to run may have been given has it run and come to that here.
    /// </summary>
    public static TargetPhase OfTarget(string? status, string runState, bool mayHaveRun) => (status, runState) switch
    {
        (MigrationStates.Failed or MigrationStates.Cancelled, _) => TargetPhase.Failed,
        (MigrationStates.Completed, RunStates.Paused or RunStates.InMigrate or RunStates.Prelaunch) => TargetPhase.Loaded,
        (MigrationStates.Completed, _) when !mayHaveRun && IsStopped(runState) => TargetPhase.Loaded,
        (MigrationStates.Completed, _) => TargetPhase.Running,
        (MigrationStates.PostcopyPaused, _) => TargetPhase.PostCopyPaused,
        (MigrationStates.PostcopyActive or MigrationStates.PostcopyRecover or MigrationStates.PostcopyRecoverSetup, RunStates.Running) =>
            TargetPhase.PostCopyRunning,
        (MigrationStates.PostcopyActive, RunStates.Paused or RunStates.Prelaunch) => TargetPhase.PostCopyHeld,
        (MigrationStates.PostcopyActive or MigrationStates.PostcopyRecover or MigrationStates.PostcopyRecoverSetup, _) when mayHaveRun && IsStopped(runState) =>
            TargetPhase.PostCopyRunning,
        (null or MigrationStates.None, RunStates.InMigrate) => TargetPhase.Waiting,
        (MigrationStates.Setup, RunStates.InMigrate) => TargetPhase.Listening,
        (_, RunStates.Running) => TargetPhase.Running,
        _ => TargetPhase.Receiving,
    };

    /// <summary>Whether a guest in that run state has come to its end inside: nothing but a reset lets it go on.</summary>
    public static bool IsHalted(string runState) =>
        runState is RunStates.GuestPanicked or RunStates.InternalError or RunStates.Shutdown or RunStates.Watchdog;

    private static bool IsStopped(string runState) => runState == RunStates.IoError || IsHalted(runState);

    /// <summary>Whether the source's last event about its migration, of those since it was told to go on, says that it has completed.</summary>
    public static bool SaysCompleted(IReadOnlyList<QmpEvent> events) =>
        events.LastOrDefault(static e => e.Name == "MIGRATION")?.IsMigration(MigrationStates.Completed) == true;

    /// <summary>Whether these events tell at most that the last of the state is under way.</summary>
    public static bool SaysNoEnd(IReadOnlyList<QmpEvent> events) =>
        events.Where(static e => e.Name == "MIGRATION").All(static e => e.IsMigration(MigrationStates.Device));

    /// <summary>What the last event about the migration says of a post-copy target whose channel is not whole; null when it is.</summary>
    public static TargetPhase? OfPostCopyEvents(IReadOnlyList<QmpEvent> events) =>
        events.LastOrDefault(static e => e.Name == "MIGRATION")?.Text("status") switch
        {
            MigrationStates.PostcopyPaused => TargetPhase.PostCopyPaused,
            MigrationStates.PostcopyRecover or MigrationStates.PostcopyRecoverSetup => TargetPhase.Receiving,
            _ => null,
        };

    /// <summary>The copies of disks. One that has ended without being told to is broken; at the switch it has been told to.</summary>
    public static MirrorPhase OfMirrors(IReadOnlyCollection<JobInfo> jobs, bool ending)
    {
        if (jobs.Any(j => j.Error is not null || (!ending && j.Status is "concluded" or "aborting" or "null")))
        {
            return MirrorPhase.Broken;
        }

        if (jobs.Count == 0)
        {
            return MirrorPhase.None;
        }

        return jobs.All(j => j.Status is "ready" or "standby" or "concluded" or "pending" or "waiting")
            && (!ending || jobs.All(j => j.Status == "concluded" || j.CurrentProgress == j.TotalProgress))
            ? MirrorPhase.Ready
            : MirrorPhase.Copying;
    }
}
