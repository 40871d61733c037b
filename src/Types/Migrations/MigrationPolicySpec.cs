using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>Whom the policy is for and what it sets.</summary>
public sealed record MigrationPolicySpec : ApiPart
{
    public MigrationPolicySelectors? Selectors { get; init; }

    public bool? AllowAutoConverge { get; init; }

    public bool? AllowPostCopy { get; init; }

    public bool? AllowWorkloadDisruption { get; init; }

    [JsonConverter(typeof(ScalarTextConverter))]
    public string? BandwidthPerMigration { get; init; }

    public long? CompletionTimeoutPerGiB { get; init; }

    public long? MaxDowntimeMs { get; init; }

    /// <summary>Our own; what is not said here is as it is for the cluster.</summary>
    public ConnectionForwarding? ConnectionForwarding { get; init; }

    public JsonElement? Experimental { get; init; }
}
