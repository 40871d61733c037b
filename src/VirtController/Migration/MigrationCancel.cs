using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What happens to a migration that is being deleted before it has ended. Pure.</summary>
internal static class MigrationCancel
{
    /// <summary>The source's agent gets this long to act on an abort before it has begun to send.</summary>
    public static readonly TimeSpan AgentDeadline = TimeSpan.FromSeconds(30);

    private const string InPostCopy =
        "Live migration cannot be aborted: it is in post-copy, the guest runs at the target and a part of its memory is still at the source. It goes on to its end.";

    /// <summary>The plan, or null when there is nothing to cancel or the cancel is under way.</summary>
    public static MigrationPlan? Decide(MigrationFacts facts)
    {
        if (!facts.Migration.IsDeleting())
        {
            return null;
        }

        var migration = MigrationStates.With(
            facts.Migration, Conditions.MigrationAbortRequested, "Migration was deleted", facts.Now);
        if (facts.OwnState is not { } state)
        {
            return BeforeHandOff(facts with { Migration = migration });
        }

        if (facts.Committed && state is { Mode: MigrationModes.PostCopy, Completed: not true, AbortStatus: null })
        {
            return new MigrationPlan(
                migration, With(facts, state with { AbortRequested = true, AbortStatus = MigrationModes.AbortFailed }))
            {
                Events = [new PlannedEvent(EventReasons.FailedAbortMigration, InPostCopy, Warning: true)],
            };
        }

        if (facts.Committed || state.Completed == true)
        {
            return Noted(facts, migration);
        }

        if (state.AbortRequested != true)
        {
            return new MigrationPlan(migration, With(facts, state with { AbortRequested = true }))
            {
                Events =
                [
                    new PlannedEvent(
                        EventReasons.SuccessfulAbortMigration, "Migration is ready to be canceled by virt-handler."),
                ],
            };
        }

        if (state.StartTimestamp is null && facts.Since(facts.Migration.Metadata.DeletionTimestamp) > AgentDeadline)
        {
            // Nothing was sent and nobody answers: with the abort on record no agent can commit, so it may be ended here.
            return new MigrationPlan(migration, With(facts, Aborted(state, facts.Now)));
        }

        return Noted(facts, migration);
    }

    private static MigrationPlan? Noted(MigrationFacts facts, VirtualMachineInstanceMigration migration) =>
        ReferenceEquals(migration, facts.Migration) ? null : new MigrationPlan(migration) { Again = TimeSpan.FromSeconds(1) };

    private static MigrationPlan BeforeHandOff(MigrationFacts facts)
    {
        var failed = MigrationFailures.Fail(facts, "Migration failed due to being canceled");
        return facts.TargetPod is not { } pod
            ? failed
            : failed with
            {
                DeleteTargetPod = true,
                Events =
                [
                    new PlannedEvent(
                        EventReasons.SuccessfulDelete,
                        $"migration canceled and pod {pod.Metadata.Namespace}/{pod.Metadata.Name} is deleted"),
                    .. failed.Events,
                ],
            };
    }

    private static MigrationState Aborted(MigrationState state, DateTimeOffset now) => state with
    {
        AbortStatus = MigrationModes.AbortSucceeded,
        Completed = true,
        Failed = true,
        StartTimestamp = state.StartTimestamp ?? Timestamps.Seconds(now),
        EndTimestamp = Timestamps.Seconds(now),
        FailureReason = "Live migration has been aborted before it began",
    };

    private static VirtualMachineInstance With(MigrationFacts facts, MigrationState state) =>
        facts.Vmi! with { Status = facts.Vmi.Status! with { MigrationState = state } };
}
