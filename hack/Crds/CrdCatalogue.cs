using Godwit.Types;

namespace Godwit.Crds;

/// <summary>The custom resources that Godwit brings.</summary>
public static class CrdCatalogue
{
    private const string Deprecation =
        "kubevirt.io/v1alpha3 is now deprecated and will be removed in a future release.";

    private static readonly CrdVersion[] KubeVirtVersions =
        [new("v1", Storage: true, null), new("v1alpha3", Storage: false, Deprecation)];

    private static readonly CrdColumn Age = new("Age", "date", ".metadata.creationTimestamp");

    public static IReadOnlyList<Crd> All { get; } =
    [
        new Crd(Kinds.VirtualMachineInstance, typeof(VirtualMachineInstance), KubeVirtVersions)
        {
            ShortNames = ["vmi", "vmis"],
            Categories = ["all"],
            Columns =
            [
                Age,
                new("Phase", "string", ".status.phase"),
                new("IP", "string", ".status.interfaces[0].ipAddress"),
                new("NodeName", "string", ".status.nodeName"),
                new("Ready", "string", ".status.conditions[?(@.type=='Ready')].status"),
                new("Live-Migratable", "string", ".status.conditions[?(@.type=='LiveMigratable')].status", Priority: 1),
                new("Paused", "string", ".status.conditions[?(@.type=='Paused')].status", Priority: 1),
            ],
        },
        new Crd(Kinds.VirtualMachineInstanceMigration, typeof(VirtualMachineInstanceMigration), KubeVirtVersions)
        {
            ShortNames = ["vmim", "vmims"],
            Categories = ["all"],
            StatusSubresource = true,
            Columns =
            [
                new("Phase", "string", ".status.phase"),
                new("VMI", "string", ".spec.vmiName"),
                new("Source", "string", ".status.summary.source"),
                new("Target", "string", ".status.summary.target"),
                new("Progress", "string", ".status.summary.progress"),
                new("Rate", "string", ".status.summary.rate"),
                new("ETA", "string", ".status.summary.eta"),
                new("Pause", "string", ".status.summary.pause"),
                new("Forwarding", "string", ".status.migrationState.forwarding.state", Priority: 1),
                Age,
            ],
        },
        new Crd(Kinds.KubeVirt, typeof(KubeVirt), KubeVirtVersions)
        {
            Label = "operator.kubevirt.io",
            ShortNames = ["kv", "kvs"],
            Categories = ["all"],
            StatusSubresource = true,
            Columns = [Age, new("Phase", "string", ".status.phase")],
        },
        new Crd(Kinds.MigrationPolicy, typeof(MigrationPolicy), [new("v1alpha1", Storage: true, null)])
        {
            StatusSubresource = true,
        },
        new Crd(Kinds.VirtualMachine, typeof(VirtualMachine), KubeVirtVersions)
        {
            ShortNames = ["vm", "vms"],
            Categories = ["all"],
            StatusSubresource = true,
            Columns =
            [
                Age,
                new("Status", "string", ".status.printableStatus"),
                new("Ready", "string", ".status.conditions[?(@.type=='Ready')].status"),
            ],
        },
        new Crd(Kinds.VirtualMachineInstanceReplicaSet, typeof(VirtualMachineInstanceReplicaSet), KubeVirtVersions)
        {
            ShortNames = ["vmirs", "vmirss"],
            Categories = ["all"],
            StatusSubresource = true,
            ScaleSubresource = true,
            Columns =
            [
                new("Desired", "integer", ".spec.replicas"),
                new("Current", "integer", ".status.replicas"),
                new("Ready", "integer", ".status.readyReplicas"),
                Age,
            ],
        },
    ];
}
