using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>The migration that is under way, or the last one.</summary>
public sealed record MigrationState : ApiPart
{
    public string? MigrationUid { get; init; }

    public DateTimeOffset? StartTimestamp { get; init; }

    public DateTimeOffset? EndTimestamp { get; init; }

    public string? SourceNode { get; init; }

    public string? SourcePod { get; init; }

    public string? SourcePodUID { get; init; }

    public string? TargetNode { get; init; }

    public string? TargetPod { get; init; }

    public string? TargetPodUID { get; init; }

    public string? TargetAttachmentPodUID { get; init; }

    public string? TargetNodeAddress { get; init; }

    public IReadOnlyDictionary<string, int>? TargetDirectMigrationNodePorts { get; init; }

    public bool? TargetNodeDomainDetected { get; init; }

    public DateTimeOffset? TargetNodeDomainReadyTimestamp { get; init; }

    public bool? Completed { get; init; }

    public bool? Failed { get; init; }

    public string? FailureReason { get; init; }

    public bool? AbortRequested { get; init; }

    public string? AbortStatus { get; init; }

    public string? Mode { get; init; }

    public string? MigrationPolicyName { get; init; }

    public MigrationConfiguration? MigrationConfiguration { get; init; }

    public IReadOnlyList<int>? TargetCPUSet { get; init; }

    public string? TargetNodeTopology { get; init; }

    [JsonConverter(typeof(ScalarTextConverter))]
    public string? TargetMemoryOverhead { get; init; }

    public string? SourcePersistentStatePVCName { get; init; }

    public string? TargetPersistentStatePVCName { get; init; }

    public string? MigrationNetworkType { get; init; }

    public MigrationEndState? SourceState { get; init; }

    public MigrationEndState? TargetState { get; init; }

    /// <summary>Number of parallel memory streams, 0 or absent when there is one.</summary>
    public int? MultifdChannels { get; init; }

    /// <summary>When the source guest stood still.</summary>
    public DateTimeOffset? PauseTimestamp { get; init; }

    /// <summary>When the target guest ran.</summary>
    public DateTimeOffset? ResumeTimestamp { get; init; }

    /// <summary>The pause that was measured: resume minus pause.</summary>
    public double? PauseMs { get; init; }

    /// <summary>The downtime that QEMU reported for itself.</summary>
    public double? QemuDowntimeMs { get; init; }

    public MigrationTransfer? Transfer { get; init; }

    /// <summary>
    /// Whether the target can fetch missing pages while its guest runs, as post-copy needs it; absent where post-copy is not
    /// allowed or the target has not said yet.
    /// </summary>
    public bool? PostCopyReady { get; init; }

    /// <summary>The state of post-copy's channel, from the switch on.</summary>
    public MigrationChannel? Channel { get; init; }

    /// <summary>What becomes of the connections that were open; absent where there is no way to carry them, or none asked for.</summary>
    public MigrationForwarding? Forwarding { get; init; }

    public bool? Tls { get; init; }

    public IReadOnlyList<MigrationDecision>? Decisions { get; init; }
}
