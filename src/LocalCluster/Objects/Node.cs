using System.Text.Json.Serialization;

namespace Godwit.LocalCluster.Objects;

/// <summary>A node as the scheduler reads it.</summary>
public sealed record Node
{
    public string ApiVersion { get; init; } = "v1";
    public string Kind { get; init; } = "Node";
    public ObjectMeta Metadata { get; init; } = new();
    public NodeSpec Spec { get; init; } = new();
    public NodeStatus Status { get; init; } = new();
}

public sealed record NodeSpec
{
    [JsonPropertyName("podCIDR")]
    public string? PodCidr { get; init; }
    public bool? Unschedulable { get; init; }
    public List<Taint>? Taints { get; init; }
}

public sealed record Taint
{
    public string Key { get; init; } = "";
    public string? Value { get; init; }
    public string Effect { get; init; } = "";
    public DateTimeOffset? TimeAdded { get; init; }
}

public sealed record NodeStatus
{
    public Dictionary<string, string>? Capacity { get; init; }
    public Dictionary<string, string>? Allocatable { get; init; }
    public List<NodeCondition>? Conditions { get; init; }
    public List<NodeAddress>? Addresses { get; init; }
}

public sealed record NodeCondition
{
    public string Type { get; init; } = "";
    public string Status { get; init; } = "Unknown";
    public string? Reason { get; init; }
    public string? Message { get; init; }
    public DateTimeOffset? LastHeartbeatTime { get; init; }
    public DateTimeOffset? LastTransitionTime { get; init; }
}

public sealed record NodeAddress
{
    public string Type { get; init; } = "";
    public string Address { get; init; } = "";
}

/// <summary>A lease; nodes renew theirs to say that they live.</summary>
public sealed record Lease
{
    public string ApiVersion { get; init; } = "coordination.k8s.io/v1";
    public string Kind { get; init; } = "Lease";
    public ObjectMeta Metadata { get; init; } = new();
    public LeaseSpec Spec { get; init; } = new();
}

public sealed record LeaseSpec
{
    public string? HolderIdentity { get; init; }
    public int? LeaseDurationSeconds { get; init; }
    public DateTimeOffset? AcquireTime { get; init; }
    public DateTimeOffset? RenewTime { get; init; }
}
