using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>How migrations are to be done; null means that nothing is said here.</summary>
public sealed record MigrationConfiguration : ApiPart
{
    public string? NodeDrainTaintKey { get; init; }

    public long? ParallelMigrationsPerCluster { get; init; }

    public long? ParallelOutboundMigrationsPerNode { get; init; }

    /// <summary>Our own: KubeVirt has no such limit.</summary>
    public long? ParallelInboundMigrationsPerNode { get; init; }

    [JsonConverter(typeof(ScalarTextConverter))]
    public string? BandwidthPerMigration { get; init; }

    public long? CompletionTimeoutPerGiB { get; init; }

    public long? ProgressTimeout { get; init; }

    public long? UtilityVolumesTimeout { get; init; }

    public bool? AllowAutoConverge { get; init; }

    public bool? AllowPostCopy { get; init; }

    public bool? AllowWorkloadDisruption { get; init; }

    public bool? UnsafeMigrationOverride { get; init; }

    public bool? DisableTLS { get; init; }

    public string? Network { get; init; }

    public bool? MatchSELinuxLevelOnMigration { get; init; }

    public long? MaxDowntimeMs { get; init; }

    /// <summary>Our own: KubeVirt lets connections to a moved guest's old address break.</summary>
    public ConnectionForwarding? ConnectionForwarding { get; init; }

    public JsonElement? Experimental { get; init; }
}
