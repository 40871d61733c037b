namespace Godwit.Types;

/// <summary>Annotation keys, spelled as KubeVirt spells them.</summary>
public static class Annotations
{
    public const string Domain = "kubevirt.io/domain";
    public const string MigrationTransportUnix = "kubevirt.io/migrationTransportUnix";
    public const string MigrationJobName = "kubevirt.io/migrationJobName";
    public const string MigrationTargetReady = "kubevirt.io/migration-target-ready-timestamp";
    public const string EvacuationMigration = "kubevirt.io/evacuationMigration";
    public const string WorkloadUpdateMigration = "kubevirt.io/workloadUpdateMigration";
    public const string EvictionSource = "kubevirt.io/eviction-source";
    public const string EvictionSourceDescheduler = "descheduler";
    public const string AllowPodBridgeNetworkLiveMigration = "kubevirt.io/allow-pod-bridge-network-live-migration";
    public const string CreateMigrationTarget = "kubevirt.io/create-migration-target";
    public const string LatestObservedApiVersion = "kubevirt.io/latest-observed-api-version";
    public const string StorageObservedApiVersion = "kubevirt.io/storage-observed-api-version";
    public const string PciTopologyVersion = "kubevirt.io/pci-topology-version";
    public const string VmGeneration = "kubevirt.io/vm-generation";

    /// <summary>Our own: digest of the template that a VMI was made from, so that a later change of it is noticed.</summary>
    public const string TemplateDigest = "godwit.dev/template-digest";

    /// <summary>Our own, on the ConfigMap kubevirt-config: the last readable values of the keys that can be wrong, as a JSON object.</summary>
    public const string LastGoodConfiguration = "godwit.dev/last-good-configuration";
    public const string UnschedulablePodTimeout = "kubevirt.io/migrationUnschedulablePodTimeoutSeconds";
    public const string PendingPodTimeout = "kubevirt.io/migrationPendingPodTimeoutSeconds";
    public const string UtilityVolumesTimeout = "kubevirt.io/migrationUtilityVolumesTimeoutSeconds";
    public const string IgnoreMigrationBackoff = "kubevirt.io/func-test-ignore-migration-backoff";
    public const string Networks = "k8s.v1.cni.cncf.io/networks";
    public const string NetworkStatus = "k8s.v1.cni.cncf.io/network-status";
    public const string Heartbeat = "kubevirt.io/heartbeat";
    public const string MemoryOverheadBytes = "kubevirt.io/memory-overhead-bytes";
    public const string DefaultContainer = "kubectl.kubernetes.io/default-container";
    public const string KubectlPrefix = "kubectl.kubernetes.io/";
    public const string RequestEvictOnly = "descheduler.alpha.kubernetes.io/request-evict-only";
    public const string EvictionInProgress = "descheduler.alpha.kubernetes.io/eviction-in-progress";
}
