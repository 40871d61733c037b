namespace Godwit.Types;

/// <summary>Label keys, spelled as KubeVirt spells them.</summary>
public static class Labels
{
    public const string App = "kubevirt.io";
    public const string AppVirtLauncher = "virt-launcher";
    public const string CreatedBy = "kubevirt.io/created-by";
    public const string MigrationJobUid = "kubevirt.io/migrationJobUID";
    public const string NodeName = "kubevirt.io/nodeName";
    public const string MigrationTargetNodeName = "kubevirt.io/migrationTargetNodeName";

    /// <summary>Of a pod whose guest has moved and that carries its old connections: the UID of that migration; ours.</summary>
    public const string Forwarder = "godwit.dev/forwarder";
    public const string OutdatedLauncherImage = "kubevirt.io/outdatedLauncherImage";
    public const string VmName = "vm.kubevirt.io/name";
    public const string VmiId = "vmi.kubevirt.io/id";
    public const string VmiName = "kubevirt.io/vmi-name";
    public const string Schedulable = "kubevirt.io/schedulable";
    public const string InstallStrategy = "kubevirt.io/install-strategy";
    public const string VolumeUpdateMigration = "kubevirt.io/volume-update-migration";
    public const string CpuManager = "kubevirt.io/cpumanager";
    public const string CpuModelPrefix = "cpu-model.node.kubevirt.io/";
    public const string CpuFeaturePrefix = "cpu-feature.node.kubevirt.io/";
    public const string CpuModelMigrationPrefix = "cpu-model-migration.node.kubevirt.io/";
    public const string HostModelCpuPrefix = "host-model-cpu.node.kubevirt.io/";
    public const string HostModelRequiredFeaturesPrefix = "host-model-required-features.node.kubevirt.io/";
    public const string CpuVendorPrefix = "cpu-vendor.node.kubevirt.io/";
    public const string MachineTypePrefix = "machine-type.node.kubevirt.io/";
    public const string Hostname = "kubernetes.io/hostname";
    public const string Arch = "kubernetes.io/arch";
    public const string Os = "kubernetes.io/os";

    /// <summary>Labels of a VMI that only Godwit's own service accounts may set or change.</summary>
    public static IReadOnlyList<string> Reserved { get; } =
        [CreatedBy, MigrationJobUid, NodeName, MigrationTargetNodeName, Schedulable, InstallStrategy, Forwarder];
}
