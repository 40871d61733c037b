using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>Feature gates and knobs for development.</summary>
public sealed record DeveloperConfiguration : ApiPart
{
    public IReadOnlyList<string>? FeatureGates { get; init; }

    public IReadOnlyList<string>? DisabledFeatureGates { get; init; }

    public bool? UseEmulation { get; init; }

    public long? MemoryOvercommit { get; init; }

    [JsonPropertyName("cpuAllocationRatio")]
    public long? CpuAllocationRatio { get; init; }

    public long? PvcTolerateLessSpaceUpToPercent { get; init; }

    public long? MinimumReservePVCBytes { get; init; }

    public IReadOnlyDictionary<string, string>? NodeSelectors { get; init; }

    public JsonElement? LogVerbosity { get; init; }

    public bool? ClusterProfiler { get; init; }

    public JsonElement? DiskVerification { get; init; }
}
