using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Which VMIs must leave their node without anybody having asked for it by name. Pure.</summary>
public static class EvacuationDecisions
{
    /// <summary>The migration to make, or null when the VMI stays.</summary>
    public static VirtualMachineInstanceMigration? Decide(
        VirtualMachineInstance vmi,
        Node? node,
        IReadOnlyList<VirtualMachineInstanceMigration> migrations,
        int unfinishedPods,
        ClusterConfiguration cluster)
    {
        var name = vmi.Status?.NodeName;
        if (string.IsNullOrEmpty(name) || vmi.Status!.Phase != VmiPhases.Running || vmi.IsDeleting() || vmi.IsMigrating())
        {
            return null;
        }

        if (!IsAsked(vmi, node, name, cluster.Migrations.NodeDrainTaintKey ?? Taints.Drain) || unfinishedPods > 1
            || (vmi.Spec?.EvictionStrategy ?? cluster.EvictionStrategy)
                is not (EvictionStrategies.LiveMigrate or EvictionStrategies.LiveMigrateIfPossible)
            || !vmi.Status.Conditions.IsTrue(Conditions.LiveMigratable)
            || migrations.Any(migration => !migration.IsFinal()))
        {
            return null;
        }

        return new VirtualMachineInstanceMigration
        {
            ApiVersion = Kinds.VirtualMachineInstanceMigration.ApiVersion,
            Kind = Kinds.VirtualMachineInstanceMigration.Kind,
            Metadata = new ObjectMeta
            {
                GenerateName = "kubevirt-evacuation-",
                Namespace = vmi.Metadata.Namespace,
                Annotations = new Dictionary<string, string> { [Annotations.EvacuationMigration] = name },
            },
            Spec = new VirtualMachineInstanceMigrationSpec
            {
                VmiName = vmi.Metadata.Name,
                Priority = vmi.Metadata.Annotation(Annotations.EvictionSource) == Annotations.EvictionSourceDescheduler
                    ? MigrationPriorities.SystemMaintenance
                    : MigrationPriorities.SystemCritical,
            },
        };
    }

    private static bool IsAsked(VirtualMachineInstance vmi, Node? node, string name, string drainTaintKey) =>
        vmi.Status!.EvacuationNodeName == name
        || node?.Spec?.Taints?.Any(taint => taint.Key == drainTaintKey && taint.Effect == Taints.NoSchedule) == true;
}
