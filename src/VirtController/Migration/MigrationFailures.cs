using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Everything that ends a migration badly. Pure.</summary>
internal static class MigrationFailures
{
    public const string TargetDown = "Target pod is down";

    /// <summary>The plan of the first failure that there is, or null when all is well.</summary>
    public static MigrationPlan? Decide(MigrationFacts facts)
    {
        var state = facts.OwnState;
        if (state is { Completed: true, Failed: true })
        {
            return Fail(facts, Reported(state));
        }

        var vmi = facts.Vmi!;
        if (vmi.IsFinal() || vmi.IsDeleting())
        {
            return Fail(facts, "Migration failed vmi shutdown during migration.");
        }

        var handedOff = MigrationStates.IsHandedOff(facts.Migration);
        if (handedOff && state is null)
        {
            return Fail(facts, vmi.Status?.MigrationState is null
                ? "Migration failed because the VMI's migration state was cleared."
                : "Migration failed because the VMI was taken over by another migration.");
        }

        if (!handedOff && facts.Phase is not (MigrationPhases.Scheduling or MigrationPhases.Scheduled))
        {
            return null;
        }

        // Once committed the guest lives or dies with the target pod: the VMI's own rules, or a rollback, decide then.
        if (facts.Committed || state?.Completed == true)
        {
            return null;
        }

        if (facts.TargetPod is not { } target)
        {
            return Fail(facts, "Migration target pod was removed during active migration.");
        }

        if (target.IsFinished() || target.IsDeleting())
        {
            return Fail(facts, $"Migration failed because target pod shutdown during migration{Why(target)}");
        }

        return null;
    }

    /// <summary>
    /// Ends the migration as failed. A VMI that was handed to the agents is told so too. A failure on record is never taken
    /// back: a source that completes in this very moment finds that it cannot commit, and runs its guest on.
    /// </summary>
    public static MigrationPlan Fail(MigrationFacts facts, string message)
    {
        var open = facts.OwnState is { Completed: not true } own && !facts.Committed ? own : null;
        var state = open is null
            ? facts.OwnState
            : open with
            {
                Completed = true,
                Failed = true,
                StartTimestamp = open.StartTimestamp ?? Timestamps.Seconds(facts.Now),
                EndTimestamp = open.EndTimestamp ?? Timestamps.Seconds(facts.Now),
                FailureReason = facts.TargetPod is null || facts.TargetPod.IsFinished() || facts.TargetPod.IsDeleting()
                    ? facts is { TargetNodeGone: true, TargetNodeKnown: true } ? $"{TargetDown}: node {open.TargetNode} is out of service" : TargetDown
                    : message,
            };
        var entered = MigrationStates.Enter(facts.Migration, MigrationPhases.Failed, facts.Now);
        var failed = state is null
            ? MigrationStates.WithFailure(entered, message)
            : MigrationStates.Copy(entered, state, facts.Now);
        return new MigrationPlan(
            failed,
            open is null || facts.Vmi is not { Status: { } status } vmi || vmi.IsFinal()
                ? null
                : vmi with { Status = status with { MigrationState = state } })
        {
            Events = [new PlannedEvent(EventReasons.FailedMigration, message, Warning: true)],
        };
    }

    private static string Reported(MigrationState state) => state.AbortRequested == true && state.AbortStatus == MigrationModes.AbortSucceeded
        ? "Migration failed due to being canceled"
        : $"source node reported migration failed{(state.FailureReason is { Length: > 0 } reason ? $": {reason}" : "")}";

    private static string Why(Pod pod)
    {
        var end = pod.Status?.ContainerStatuses?.FirstOrDefault(status => status.Name == Launcher.Container)?.State?.Terminated;
        return end?.ExitCode is { } code ? $" (exit code {code}{(end.Reason is { } reason ? $", {reason}" : "")})" : "";
    }
}
