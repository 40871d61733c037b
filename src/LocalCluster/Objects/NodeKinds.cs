using Godwit.Machinery;

namespace Godwit.LocalCluster.Objects;

/// <summary>The kinds that the node side reads and writes.</summary>
internal static class NodeKinds
{
    public static ResourceKind Pod { get; } = new("", "v1", "pods", "Pod", Namespaced: true);
    public static ResourceKind Node { get; } = new("", "v1", "nodes", "Node", Namespaced: false);
    public static ResourceKind Namespace { get; } = new("", "v1", "namespaces", "Namespace", Namespaced: false);
    public static ResourceKind Event { get; } = new("", "v1", "events", "Event", Namespaced: true);
    public static ResourceKind ConfigMap { get; } = new("", "v1", "configmaps", "ConfigMap", Namespaced: true);
    public static ResourceKind Secret { get; } = new("", "v1", "secrets", "Secret", Namespaced: true);
    public static ResourceKind Service { get; } = new("", "v1", "services", "Service", Namespaced: true);
    public static ResourceKind ServiceAccount { get; } = new("", "v1", "serviceaccounts", "ServiceAccount", Namespaced: true);
    public static ResourceKind Claim { get; } = new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", Namespaced: true);
    public static ResourceKind Volume { get; } = new("", "v1", "persistentvolumes", "PersistentVolume", Namespaced: false);
    public static ResourceKind StorageClass { get; } = new("storage.k8s.io", "v1", "storageclasses", "StorageClass", Namespaced: false);
    public static ResourceKind NetworkAttachmentDefinition { get; } =
        new("k8s.cni.cncf.io", "v1", "network-attachment-definitions", "NetworkAttachmentDefinition", Namespaced: true);
    public static ResourceKind Lease { get; } = new("coordination.k8s.io", "v1", "leases", "Lease", Namespaced: true);
}
