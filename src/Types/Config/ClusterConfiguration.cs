namespace Godwit.Types;

/// <summary>
/// The settings that hold for the cluster, all filled in: the KubeVirt resource first, then the ConfigMap
/// <c>kubevirt-config</c> with the defaults of its time, then today's defaults.
/// </summary>
public sealed record ClusterConfiguration
{
    public static ClusterConfiguration Default { get; } = Resolve(null, null);

    public required MigrationConfiguration Migrations { get; init; }

    public required string EvictionStrategy { get; init; }

    public required string Architecture { get; init; }

    public required string MachineType { get; init; }

    public required IReadOnlyList<string> EmulatedMachines { get; init; }

    public required string CpuModel { get; init; }

    public required string CpuRequest { get; init; }

    public required long MemoryOvercommitPercent { get; init; }

    public required bool UseEmulation { get; init; }

    public required string ImagePullPolicy { get; init; }

    public required string DefaultNetworkInterface { get; init; }

    public required bool PermitBridgeInterfaceOnPodNetwork { get; init; }

    /// <summary>Whether guests get room to grow while they run.</summary>
    public required bool LiveUpdate { get; init; }

    public required long MaxHotplugRatio { get; init; }

    /// <summary>Migrations may be made at all; off only where a ConfigMap of 2020 is present and does not name the gate, as it was then.</summary>
    public required bool LiveMigrationEnabled { get; init; }

    public DeveloperConfiguration? Developer { get; init; }

    public bool HasGate(string gate) => FeatureGates.IsOn(gate, Developer);

    /// <summary>Merges all sources. The KubeVirt resource counts only once the installation has a phase.</summary>
    public static ClusterConfiguration Resolve(KubeVirt? kubeVirt, LegacyConfiguration? legacy)
    {
        var config = string.IsNullOrEmpty(kubeVirt?.Status?.Phase) ? null : kubeVirt.Spec?.Configuration;
        var developer = config?.DeveloperConfiguration;
        var listed = developer?.FeatureGates?.Contains(FeatureGates.LiveMigration) == true;
        return new ClusterConfiguration
        {
            Migrations = MigrationSettings.Merge(config?.Migrations, legacy?.Migrations, legacy is null ? null : MigrationSettings.Of2020),
            EvictionStrategy = config?.EvictionStrategy ?? EvictionStrategies.None,
            Architecture = kubeVirt?.Status?.DefaultArchitecture ?? Defaults.Architecture,
            MachineType = config?.MachineType ?? legacy?.MachineType ?? Defaults.MachineType,
            EmulatedMachines = config?.EmulatedMachines ?? legacy?.EmulatedMachines ?? ["q35*", "pc-q35*"],
            CpuModel = config?.CpuModel ?? legacy?.CpuModel ?? Defaults.CpuModel,
            CpuRequest = config?.CpuRequest ?? legacy?.CpuRequest ?? "100m",
            MemoryOvercommitPercent = developer?.MemoryOvercommit ?? legacy?.MemoryOvercommit ?? 100,
            UseEmulation = developer?.UseEmulation ?? legacy?.UseEmulation ?? false,
            ImagePullPolicy = config?.ImagePullPolicy ?? legacy?.ImagePullPolicy ?? "IfNotPresent",
            DefaultNetworkInterface =
                config?.Network?.DefaultNetworkInterface ?? legacy?.DefaultNetworkInterface ?? "bridge",
            PermitBridgeInterfaceOnPodNetwork = config?.Network?.PermitBridgeInterfaceOnPodNetwork
                ?? legacy?.PermitBridgeInterfaceOnPodNetwork ?? true,
            LiveUpdate = config?.VmRolloutStrategy is null or "LiveUpdate",
            MaxHotplugRatio = config?.LiveUpdateConfiguration?.MaxHotplugRatio ?? 4,
            LiveMigrationEnabled = legacy is null || legacy.HasGate(FeatureGates.LiveMigration) || listed,
            Developer = developer,
        };
    }
}
