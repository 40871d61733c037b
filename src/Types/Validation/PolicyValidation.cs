using System.Text.Json;

namespace Godwit.Types;

/// <summary>Rules for migration policies and for the settings of the whole cluster.</summary>
internal static class PolicyValidation
{
    private const string NoMigrations = "0 lets no migration begin.";
    private const long MaxDowntimeLimit = 2_000_000;
    private const long MaxForwardingSeconds = 86_400;

    public static void Policy(MigrationPolicy? old, MigrationPolicy policy, ClusterConfiguration cluster, Errors errors)
    {
        if (policy.Spec is not { } spec)
        {
            return;
        }

        NonNegative("spec.completionTimeoutPerGiB", spec.CompletionTimeoutPerGiB, errors);
        Bandwidth("spec.bandwidthPerMigration", spec.BandwidthPerMigration, errors);
        Downtime("spec.maxDowntimeMs", spec.MaxDowntimeMs, errors);
        Forwarding("spec.connectionForwarding", spec.ConnectionForwarding, errors);
        if (spec.Experimental is { ValueKind: JsonValueKind.Object } experimental)
        {
            ExperimentalValidation.Options(old?.Spec?.Experimental, experimental, cluster.Developer, errors);
        }
    }

    public static void KubeVirt(KubeVirt updated, Errors errors)
    {
        const string Path = "spec.configuration";
        var config = updated.Spec?.Configuration;
        errors.OneOf($"{Path}.evictionStrategy", config?.EvictionStrategy, [.. EvictionStrategies.All]);
        errors.OneOf($"{Path}.imagePullPolicy", config?.ImagePullPolicy, "Always", "IfNotPresent", "Never");
        errors.OneOf($"{Path}.vmRolloutStrategy", config?.VmRolloutStrategy, "Stage", "LiveUpdate");
        errors.OneOf($"{Path}.network.defaultNetworkInterface", config?.Network?.DefaultNetworkInterface, "bridge", "masquerade");
        errors.PositiveQuantity($"{Path}.cpuRequest", config?.CpuRequest);
        if (config?.LiveUpdateConfiguration?.MaxHotplugRatio is <= 0)
        {
            errors.Add($"{Path}.liveUpdateConfiguration.maxHotplugRatio", "must be greater than 0", "1 leaves guests no room to grow.");
        }

        if (config?.DeveloperConfiguration?.MemoryOvercommit is <= 0)
        {
            errors.Add($"{Path}.developerConfiguration.memoryOvercommit", "must be greater than 0", "100 means that guests get what they ask for.");
        }

        RotationValidation.Check(updated, errors);
        if (config?.Migrations is not { } migrations)
        {
            return;
        }

        foreach (var error in Settings(migrations, $"{Path}.migrations"))
        {
            errors.Add(error.Path, error.Message, error.Remedy, error.Reason);
        }
    }

    /// <summary>Rules that hold for migration settings wherever they are written.</summary>
    public static IReadOnlyList<FieldError> Settings(MigrationConfiguration settings, string path)
    {
        var errors = new Errors();
        NonNegative($"{path}.parallelMigrationsPerCluster", settings.ParallelMigrationsPerCluster, errors, NoMigrations);
        NonNegative($"{path}.parallelOutboundMigrationsPerNode", settings.ParallelOutboundMigrationsPerNode, errors, NoMigrations);
        NonNegative($"{path}.parallelInboundMigrationsPerNode", settings.ParallelInboundMigrationsPerNode, errors, NoMigrations);
        NonNegative($"{path}.completionTimeoutPerGiB", settings.CompletionTimeoutPerGiB, errors);
        NonNegative($"{path}.progressTimeout", settings.ProgressTimeout, errors);
        NonNegative($"{path}.utilityVolumesTimeout", settings.UtilityVolumesTimeout, errors);
        Bandwidth($"{path}.bandwidthPerMigration", settings.BandwidthPerMigration, errors);
        Downtime($"{path}.maxDowntimeMs", settings.MaxDowntimeMs, errors);
        Forwarding($"{path}.connectionForwarding", settings.ConnectionForwarding, errors);
        if (settings.NodeDrainTaintKey is not null && !Names.IsLabelKey(settings.NodeDrainTaintKey))
        {
            errors.Add($"{path}.nodeDrainTaintKey", $"'{settings.NodeDrainTaintKey}' is not a taint key", $"The usual one is {Taints.Drain}.");
        }

        if (settings.Network is { Length: > 0 } network && MigrationNetworkName.Read(network) is null)
        {
            errors.Add($"{path}.network", $"'{network}' is no name of a NetworkAttachmentDefinition", $"Write NAME, or NAMESPACE/NAME for one outside of {Installation.Namespace}.");
        }

        return errors.ToList();
    }

    private static void NonNegative(string path, long? value, Errors errors, string remedy = "0 means no limit for timeouts.")
    {
        if (value < 0)
        {
            errors.Add(path, "must not be negative", remedy);
        }
    }

    private static void Bandwidth(string path, string? text, Errors errors)
    {
        if (text is null)
        {
            return;
        }

        if (!Sizes.TryWhole(text, out var bytes))
        {
            errors.Add(path, $"'{text}' is not a quantity", "Write it as bytes per second with a unit, such as 64Mi; 0 means no limit.");
        }
        else if (bytes < 0)
        {
            errors.Add(path, "must not be negative", "0 means no limit.");
        }
    }

    private static void Downtime(string path, long? value, Errors errors)
    {
        if (value is < 1 or > MaxDowntimeLimit)
        {
            errors.Add(path, $"must be between 1 and {MaxDowntimeLimit}", "It is the pause in milliseconds that the guest may feel.");
        }
    }

    private static void Forwarding(string path, ConnectionForwarding? forwarding, Errors errors)
    {
        if (forwarding?.MaxSeconds is < 1 or > MaxForwardingSeconds)
        {
            errors.Add(
                $"{path}.maxSeconds",
                $"must be between 1 and {MaxForwardingSeconds}",
                $"It is how long old connections are carried at most, in seconds; {path}.enabled: false carries none.");
        }

        if (forwarding?.DrainSeconds is < 0 or > MaxForwardingSeconds)
        {
            errors.Add(
                $"{path}.drainSeconds",
                $"must be between 0 and {MaxForwardingSeconds}",
                "It is how long, in seconds, a node that is being emptied waits for old connections; 0 ends them at once.");
        }
    }
}
