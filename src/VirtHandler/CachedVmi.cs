using Godwit.Types;

namespace Godwit.VirtHandler;

/// <summary>
/// What the agent of a node keeps of a VMI. Of one that has to do with the node, all; of any other only what a pod here reads that the
/// guest left some moves ago and that carries its old connections on. One that comes to the node comes whole with the very change that
/// names the node. Pure.
/// </summary>
internal static class CachedVmi
{
    public static VirtualMachineInstance For(string node, VirtualMachineInstance vmi) =>
        Concerns(node, vmi) ? vmi.WithoutManagedFields() : Elsewhere(vmi);

    /// <summary>Its guest is, was or will be here, or one of its pods is.</summary>
    private static bool Concerns(string node, VirtualMachineInstance vmi) =>
        vmi.Metadata.Label(Labels.NodeName) == node
        || vmi.Metadata.Label(Labels.MigrationTargetNodeName) == node
        || (vmi.Status is { } status
            && (status.NodeName == node
                || status.MigrationState?.SourceNode == node
                || status.MigrationState?.TargetNode == node
                || status.ActivePods?.Values.Contains(node, StringComparer.Ordinal) == true));

    // Where the guest is and goes, and what says whether and how its connections are carried on.
    private static VirtualMachineInstance Elsewhere(VirtualMachineInstance vmi) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = vmi.Metadata.Name,
            Namespace = vmi.Metadata.Namespace,
            Uid = vmi.Metadata.Uid,
            ResourceVersion = vmi.Metadata.ResourceVersion,
            DeletionTimestamp = vmi.Metadata.DeletionTimestamp,
        },
        Spec = vmi.Spec is not { } spec ? null : new VirtualMachineInstanceSpec
        {
            Domain = new DomainSpec { Devices = new DevicesSpec { Interfaces = spec.Domain?.Devices?.Interfaces } },
            Networks = spec.Networks,
        },
        Status = vmi.Status is not { } status ? null : new VirtualMachineInstanceStatus
        {
            Phase = status.Phase,
            NodeName = status.NodeName,
            OwnerPodUID = status.OwnerPodUID,
            MigrationState = status.MigrationState,
        },
    };
}
