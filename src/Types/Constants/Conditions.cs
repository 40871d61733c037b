namespace Godwit.Types;

/// <summary>Condition types of VMIs, migrations, the installation and pods.</summary>
public static class Conditions
{
    public const string True = "True";
    public const string False = "False";
    public const string Unknown = "Unknown";

    public const string Provisioning = "Provisioning";
    public const string Ready = "Ready";
    public const string Synchronized = "Synchronized";
    public const string Paused = "Paused";
    public const string AgentConnected = "AgentConnected";
    public const string LiveMigratable = "LiveMigratable";
    public const string StorageLiveMigratable = "StorageLiveMigratable";
    public const string HotVcpuChange = "HotVCPUChange";
    public const string HotMemoryChange = "HotMemoryChange";
    public const string VolumesChange = "VolumesChange";
    public const string DataVolumesReady = "DataVolumesReady";
    public const string MigrationRequired = "MigrationRequired";
    public const string EvictionRequested = "EvictionRequested";
    public const string SoftwareEmulation = "SoftwareEmulation";
    public const string PodScheduled = "PodScheduled";
    public const string ContainersReady = "ContainersReady";

    /// <summary>The readiness gate of launcher pods.</summary>
    public const string VirtualMachineUnpaused = "kubevirt.io/virtual-machine-unpaused";

    public const string Failure = "Failure";
    public const string RestartRequired = "RestartRequired";
    public const string ReplicaFailure = "ReplicaFailure";
    public const string ReplicaPaused = "ReplicaPaused";

    public const string MigrationAbortRequested = "migrationAbortRequested";

    /// <summary>Our own: the migration has not begun, and why.</summary>
    public const string MigrationWaiting = "migrationWaiting";
    public const string MigrationRejectedByResourceQuota = "migrationRejectedByResourceQuota";
    public const string MigrationBlockedByUtilityVolumes = "migrationBlockedByUtilityVolumes";
    public const string MigrationBlockedByBackup = "migrationBlockedByBackup";

    public const string Created = "Created";
    public const string Available = "Available";
    public const string Progressing = "Progressing";
    public const string Degraded = "Degraded";

    /// <summary>Our own, on the KubeVirt resource: settings in kubevirt-config cannot be read; there only while that is so.</summary>
    public const string ConfigurationInvalid = "ConfigurationInvalid";
}
