namespace Godwit.Types;

/// <summary>Which features are on: those that have graduated always, and those that are listed.</summary>
public static class FeatureGates
{
    public const string LiveMigration = "LiveMigration";
    public const string HostDisk = "HostDisk";
    public const string MigrationStallDetection = "MigrationStallDetection";
    public const string MigrationDowntimeTuning = "MigrationDowntimeTuning";
    public const string DecentralizedLiveMigration = "DecentralizedLiveMigration";

    /// <summary>Disks and kernels out of images come by volumes of the cluster's; found out where it is listed neither as on nor as off.</summary>
    public const string ImageVolume = "ImageVolume";

    private static readonly HashSet<string> Graduated = new(StringComparer.Ordinal)
    {
        LiveMigration, "SRIOVLiveMigration", "MigrationPriorityQueue", "VolumeMigration", "VmiMemoryOverheadReport",
        "CPUManager", "CPUNodeDiscovery", "DataVolumes", "GPU", "HypervStrictCheck", "NonRoot", "Snapshot",
        "HotplugVolumes", "VMLiveUpdateFeatures", "PSA", "BochsDisplayForEFIGuests", "AutoResourceLimitsGate",
        "NetworkBindingPlugins", "DynamicPodInterfaceNaming",
    };

    public static bool IsOn(string gate, DeveloperConfiguration? developer) =>
        Graduated.Contains(gate)
        || (developer?.FeatureGates?.Contains(gate) ?? false);

    /// <summary>What the settings say of a gate: on, off, or nothing; who is on both lists is on.</summary>
    public static bool? Listed(string gate, DeveloperConfiguration? developer) =>
        developer?.FeatureGates?.Contains(gate) == true ? true : developer?.DisabledFeatureGates?.Contains(gate) == true ? false : null;

    /// <summary>A word for each listed gate that needs no listing any more; shown as an admission warning.</summary>
    public static IReadOnlyList<string> Warnings(DeveloperConfiguration? developer) =>
        [.. (developer?.FeatureGates ?? []).Where(Graduated.Contains).Select(gate =>
            $"feature gate {gate} is always on; it no longer needs to be listed in developerConfiguration.featureGates")];
}
