using Godwit.Machinery;

namespace Godwit.Types;

/// <summary>The kinds that Godwit works with.</summary>
public static class Kinds
{
    public const string Group = "kubevirt.io";
    public const string Version = "v1";
    public const string DeprecatedVersion = "v1alpha3";

    public static ResourceKind VirtualMachineInstance { get; } =
        new(Group, Version, "virtualmachineinstances", "VirtualMachineInstance", Namespaced: true);

    public static ResourceKind VirtualMachineInstanceMigration { get; } =
        new(Group, Version, "virtualmachineinstancemigrations", "VirtualMachineInstanceMigration", Namespaced: true);

    public static ResourceKind VirtualMachine { get; } =
        new(Group, Version, "virtualmachines", "VirtualMachine", Namespaced: true);

    public static ResourceKind VirtualMachineInstanceReplicaSet { get; } =
        new(Group, Version, "virtualmachineinstancereplicasets", "VirtualMachineInstanceReplicaSet", Namespaced: true);

    public static ResourceKind KubeVirt { get; } = new(Group, Version, "kubevirts", "KubeVirt", Namespaced: true);

    public static ResourceKind MigrationPolicy { get; } =
        new("migrations.kubevirt.io", "v1alpha1", "migrationpolicies", "MigrationPolicy", Namespaced: false);

    public static ResourceKind Pod { get; } = new("", "v1", "pods", "Pod", Namespaced: true);

    public static ResourceKind Node { get; } = new("", "v1", "nodes", "Node", Namespaced: false);

    public static ResourceKind Namespace { get; } = new("", "v1", "namespaces", "Namespace", Namespaced: false);

    public static ResourceKind ConfigMap { get; } = new("", "v1", "configmaps", "ConfigMap", Namespaced: true);

    public static ResourceKind Secret { get; } = new("", "v1", "secrets", "Secret", Namespaced: true);

    public static ResourceKind PersistentVolumeClaim { get; } =
        new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", Namespaced: true);

    /// <summary>Multus' kind, that networks besides the cluster's own are defined by.</summary>
    public static ResourceKind NetworkAttachmentDefinition { get; } =
        new("k8s.cni.cncf.io", "v1", "network-attachment-definitions", "NetworkAttachmentDefinition", Namespaced: true);

    /// <summary>An API that another server serves behind the API server.</summary>
    public static ResourceKind ApiService { get; } =
        new("apiregistration.k8s.io", "v1", "apiservices", "APIService", Namespaced: false);

    public static ResourceKind Event { get; } = new("", "v1", "events", "Event", Namespaced: true);

    public static ResourceKind ServiceAccount { get; } =
        new("", "v1", "serviceaccounts", "ServiceAccount", Namespaced: true);
}
