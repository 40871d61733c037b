using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Hands a migration to the agents of both nodes: from here on they carry it, by what the VMI says. Pure.</summary>
internal static class MigrationHandOff
{
    public static MigrationPlan Decide(MigrationFacts facts)
    {
        if (facts.OwnState is { TargetNode: { Length: > 0 } } own)
        {
            return new MigrationPlan(MigrationStates.Copy(
                MigrationStates.Enter(facts.Migration, MigrationPhases.PreparingTarget, facts.Now), own, facts.Now));
        }

        var vmi = facts.Vmi!;
        var state = State(facts);
        return new MigrationPlan(
            MigrationStates.Copy(
                MigrationStates.Enter(facts.Migration, MigrationPhases.PreparingTarget, facts.Now), state, facts.Now),
            vmi with
            {
                Metadata = vmi.Metadata with
                {
                    Labels = vmi.Metadata.Labels.With(Labels.MigrationTargetNodeName, state.TargetNode!),
                },
                Status = vmi.Status! with { MigrationState = state },
            })
        {
            CreateCredentials = state.Tls == true,
            Events =
            [
                new PlannedEvent(
                    EventReasons.SuccessfulHandOver,
                    "Migration target pod is ready for preparation by virt-handler."),
            ],
        };
    }

    private static MigrationState State(MigrationFacts facts)
    {
        var vmi = facts.Vmi!;
        var uid = facts.Migration.Metadata.Uid;
        var target = facts.TargetPod!;
        var sourcePod = facts.OwnerPod?.Metadata.Name;
        return new MigrationState
        {
            MigrationUid = uid,
            SourceNode = vmi.Status!.NodeName,
            SourcePod = sourcePod,
            SourcePodUID = vmi.Status.OwnerPodUID,
            TargetNode = target.Spec?.NodeName,
            TargetPod = target.Metadata.Name,
            TargetPodUID = target.Metadata.Uid,
            MigrationConfiguration = facts.Configuration,
            MigrationPolicyName = facts.PolicyName,
            TargetMemoryOverhead = target.Metadata.Annotation(Annotations.MemoryOverheadBytes),
            Tls = facts.Configuration.DisableTLS != true,
            SourceState = End(vmi, uid) with { Node = vmi.Status.NodeName, Pod = sourcePod },
            TargetState = End(vmi, uid) with { Node = target.Spec?.NodeName, Pod = target.Metadata.Name },
        };
    }

    private static MigrationEndState End(VirtualMachineInstance vmi, string? uid) => new()
    {
        MigrationUID = uid,
        DomainName = vmi.Metadata.Name,
        DomainNamespace = vmi.Metadata.Namespace,
        VirtualMachineInstanceUID = vmi.Metadata.Uid,
    };
}
