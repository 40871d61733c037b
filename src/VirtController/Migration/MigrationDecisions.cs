using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// The rules for migrations: one step a look, from the request to its end. What fails is looked for before what goes on,
/// and a cancel before both. Pure.
/// </summary>
public static class MigrationDecisions
{
    /// <summary>A cancel has deadlines of its own.</summary>
    private static readonly TimeSpan CancelLook = TimeSpan.FromSeconds(5);

    public static MigrationPlan Decide(MigrationFacts facts)
    {
        if (facts.Vmi is null)
        {
            return Orphaned(facts);
        }

        if (facts.Migration.IsFinal())
        {
            return MigrationSettling.Settle(facts);
        }

        var plan = MigrationRollback.Decide(facts)
            ?? MigrationSourceLoss.Decide(facts)
            ?? MigrationCancel.Decide(facts)
            ?? MigrationFailures.Decide(facts)
            ?? Advance(facts);
        return facts.Migration.IsDeleting() && (plan.Again is null || plan.Again > CancelLook)
            ? plan with { Again = CancelLook }
            : plan;
    }

    /// <summary>Without its VMI a migration means nothing: it ends, lets go of its finalizer and is removed.</summary>
    private static MigrationPlan Orphaned(MigrationFacts facts)
    {
        var ended = facts.Migration.IsFinal()
            ? facts.Migration
            : MigrationStates.Enter(facts.Migration, MigrationPhases.Failed, facts.Now);
        return new MigrationPlan(MigrationSettling.WithoutFinalizer(ended))
        {
            DeleteCredentials = true,
            DeleteTargetPod = facts.TargetPod is not null,
            DeleteMigrations = facts.Migration.IsDeleting() ? [] : [facts.Migration],
            Events = facts.Migration.IsFinal()
                ? []
                : [new PlannedEvent(EventReasons.FailedMigration, "vmi does not exist", Warning: true)],
        };
    }

    private static MigrationPlan Advance(MigrationFacts facts) => facts.Phase switch
    {
        MigrationPhases.Unset => Admit(facts),
        MigrationPhases.Pending => Start(facts),
        MigrationPhases.Scheduling => AwaitTargetPod(facts),
        MigrationPhases.Scheduled when facts.OwnState is null && !facts.HasInboundSlot => MigrationStates.Waiting(
            facts.Migration,
            $"as many migrations as may arrive at node {facts.TargetPod?.Spec?.NodeName}: {facts.Configuration.ParallelInboundMigrationsPerNode}",
            facts.Now),
        MigrationPhases.Scheduled => MigrationHandOff.Decide(facts with { Migration = MigrationStates.NotWaiting(facts.Migration) }),
        MigrationPhases.PreparingTarget => AwaitTarget(
            facts,
            MigrationPhases.TargetReady,
            facts.OwnState?.TargetNodeAddress is { Length: > 0 },
            $"the agent of {facts.OwnState?.TargetNode} has not prepared the target"),
        MigrationPhases.TargetReady => AwaitTarget(
            facts,
            MigrationPhases.Running,
            facts.OwnState?.StartTimestamp is not null,
            $"the agent of {facts.OwnState?.SourceNode} has not begun to send"),
        MigrationPhases.Running => Watch(facts),
        _ => new MigrationPlan(facts.Migration),
    };

    private static MigrationPlan Admit(MigrationFacts facts)
    {
        var state = facts.Vmi!.Status?.MigrationState;
        var uid = facts.Migration.Metadata.Uid;
        var taken = state is { MigrationUid: { Length: > 0 } other, Completed: not true } && other != uid
            && facts.Siblings.Any(sibling => sibling.Metadata.Uid == other && !sibling.IsFinal());
        var overtaken = facts.Siblings.Any(sibling =>
            sibling.Metadata.Uid != uid && !sibling.IsFinal() && IsBefore(sibling, facts.Migration));
        return taken || overtaken
            ? MigrationFailures.Fail(
                facts, "VMI is not eligible for migration because another migration job is in progress.")
            : Start(facts with
            {
                // Admission has seen to label and finalizer, unless it was away when the migration was made.
                Migration = MigrationStates.Enter(
                    facts.Migration with { Metadata = Defaults.ForCreate(facts.Migration).Metadata },
                    MigrationPhases.Pending,
                    facts.Now),
            });
    }

    private static bool IsBefore(VirtualMachineInstanceMigration one, VirtualMachineInstanceMigration other)
    {
        var begun = one.Status?.Phase is not (null or MigrationPhases.Unset);
        return begun || (one.Metadata.CreationTimestamp, one.Metadata.Uid ?? "").CompareTo(
            (other.Metadata.CreationTimestamp, other.Metadata.Uid ?? "")) < 0;
    }

    private static MigrationPlan Start(MigrationFacts facts)
    {
        var migration = MigrationStates.WithSource(facts.Migration, facts.Vmi!, facts.OwnerPod);
        if (facts.TargetPod is not null)
        {
            return new MigrationPlan(MigrationStates.NotWaiting(
                MigrationStates.Enter(migration, MigrationPhases.Scheduling, facts.Now)));
        }

        if (facts.Vmi!.Status?.Conditions.Find(Conditions.LiveMigratable) is { Status: Conditions.False } condition)
        {
            return MigrationFailures.Fail(
                facts with { Migration = migration },
                $"Cannot migrate VMI, Reason: {condition.Reason}, Message: {condition.Message}");
        }

        return Hindrance(facts with { Migration = migration })
            ?? Crowded(facts, migration)
            ?? new MigrationPlan(MigrationStates.NotWaiting(migration)) { CreateTargetPod = true, Again = TimeSpan.FromSeconds(5) };
    }

    /// <summary>
    /// Whether something of its own holds up a migration that has not begun, so that a place would be of no use to it. All of it
    /// is told by a change of the VMI or its pods, but for the wait after a failure, which has an end.
    /// </summary>
    public static bool IsHeld(MigrationFacts facts) => facts.Vmi is null || Hindrance(facts) is not null;

    private static MigrationPlan? Hindrance(MigrationFacts facts)
    {
        if (MigrationBackoff.Decide(facts) is { } backoff)
        {
            return MigrationStates.Waiting(
                facts.Migration,
                $"{backoff}",
                facts.Now,
                backoff.Left,
                new PlannedEvent(
                    EventReasons.MigrationBackoff,
                    $"backoff migrating vmi {facts.Vmi!.Metadata.Namespace}/{facts.Vmi.Metadata.Name}: {backoff}",
                    Warning: true)
                { OnVmi = true });
        }

        if (facts.Vmi!.Status?.Phase != VmiPhases.Running)
        {
            return MigrationStates.Waiting(facts.Migration, $"the VMI is {facts.Vmi.Status?.Phase}, not Running", facts.Now);
        }

        // A second live pod is a leftover of the last move; two targets at once would be one too many.
        return facts.UnfinishedPods > 1
            ? MigrationStates.Waiting(facts.Migration, "a launcher pod of the VMI's last move has not ended yet", facts.Now)
            : null;
    }

    // Whoever gets the next place is woken for it: to ask again and again would be work for each that waits.
    private static MigrationPlan? Crowded(MigrationFacts facts, VirtualMachineInstanceMigration migration)
    {
        if (facts.AllTargetsFull)
        {
            return MigrationStates.Waiting(
                migration,
                $"as many migrations as may arrive at every node that could take the VMI: {facts.Configuration.ParallelInboundMigrationsPerNode} at one node",
                facts.Now);
        }

        return facts.HasSlot
            ? null
            : MigrationStates.Waiting(
                migration,
                $"as many migrations run as may: {facts.Configuration.ParallelMigrationsPerCluster} in the cluster, {facts.Configuration.ParallelOutboundMigrationsPerNode} from one node",
                facts.Now);
    }

    private static MigrationPlan AwaitTargetPod(MigrationFacts facts) => facts.TargetPod!.IsReady()
        ? new MigrationPlan(MigrationStates.WithTarget(
            MigrationStates.Enter(facts.Migration, MigrationPhases.Scheduled, facts.Now), facts.TargetPod!))
        : MigrationTimeouts.Decide(facts);

    private static MigrationPlan AwaitTarget(MigrationFacts facts, string next, bool arrived, string otherwise)
    {
        if (arrived)
        {
            return new MigrationPlan(MigrationStates.Copy(
                MigrationStates.Enter(facts.Migration, next, facts.Now), facts.OwnState, facts.Now));
        }

        var left = MigrationTimeouts.HandlerStepLeft(facts);
        return left > TimeSpan.Zero
            ? new MigrationPlan(facts.Migration) { Again = left }
            : MigrationFailures.Fail(
                facts,
                $"Migration failed because {otherwise} within {MigrationTimeouts.HandlerStep.TotalSeconds:0} s; see that virt-handler runs there.");
    }

    private static MigrationPlan Watch(MigrationFacts facts)
    {
        var state = facts.OwnState!;
        var blocked = facts.Vmi!.Status?.Conditions is { } conditions
            && (conditions.IsTrue(Conditions.HotVcpuChange) || conditions.IsTrue(Conditions.HotMemoryChange)
                || conditions.IsTrue(Conditions.MigrationRequired));
        if (state.Completed == true && !blocked)
        {
            if (MigrationTimeouts.FiguresLeft(state, facts.Now) is var left && left > TimeSpan.Zero)
            {
                return new MigrationPlan(facts.Migration) { TargetReadyAt = ReadyToAnnotate(facts), Again = left };
            }

            return new MigrationPlan(MigrationStates.Copy(
                MigrationStates.Enter(facts.Migration, MigrationPhases.Succeeded, facts.Now), state, facts.Now))
            {
                TargetReadyAt = ReadyToAnnotate(facts),
                Events =
                [
                    new PlannedEvent(EventReasons.SuccessfulMigration, "Source node reported migration succeeded"),
                ],
            };
        }

        var wait = facts.Copied is { } copied ? MigrationStates.CopyPeriod - facts.Since(copied) : TimeSpan.Zero;
        return wait > TimeSpan.Zero
            ? new MigrationPlan(facts.Migration) { TargetReadyAt = ReadyToAnnotate(facts), Again = wait }
            : new MigrationPlan(MigrationStates.Copy(facts.Migration, state, facts.Now))
            {
                TargetReadyAt = ReadyToAnnotate(facts),
            };
    }

    private static DateTimeOffset? ReadyToAnnotate(MigrationFacts facts) =>
        facts.TargetPod?.Metadata.Annotation(Annotations.MigrationTargetReady) is null
            ? facts.OwnState?.TargetNodeDomainReadyTimestamp
            : null;
}
