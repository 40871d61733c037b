using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// Gives a guest back to its source when the target's node is gone after the commit and before the guest ran there. Only
/// then: a node that merely does not answer may still run it, and its own agent is the one to say that it does not. Pure.
/// </summary>
internal static class MigrationRollback
{
    public static MigrationPlan? Decide(MigrationFacts facts)
    {
        if (!facts.Committed || !facts.TargetNodeGone
            || facts.OwnState is not { Completed: not true, ResumeTimestamp: null, TargetNodeDomainReadyTimestamp: null } state
            || facts.Vmi is not { Status: { } status } vmi
            || vmi.IsFinal())
        {
            return null;
        }

        var reason = $"node {state.TargetNode} left the cluster before the guest ran there";
        var back = state with
        {
            Completed = true,
            Failed = true,
            EndTimestamp = Timestamps.Seconds(facts.Now),
            FailureReason = reason,
        };
        return new MigrationPlan(
            MigrationStates.Copy(
                MigrationStates.Enter(facts.Migration, MigrationPhases.Failed, facts.Now), back, facts.Now),
            vmi with
            {
                Metadata = vmi.Metadata with { Labels = vmi.Metadata.Labels.With(Labels.NodeName, state.SourceNode ?? "") },
                Status = status with
                {
                    OwnerPodUID = state.SourcePodUID,
                    NodeName = state.SourceNode,
                    MigrationState = back,
                },
            })
        {
            Events =
            [
                new PlannedEvent(
                    EventReasons.FailedMigration, $"The guest was given back to {state.SourceNode}: {reason}", Warning: true),
            ],
        };
    }
}
