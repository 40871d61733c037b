using System.Text.Json.Serialization;

namespace Godwit.LocalCluster.Objects;

/// <summary>A pod as the scheduler and the kubelet read it; writes are patches, so fields unknown here are never lost.</summary>
public sealed record Pod
{
    public string ApiVersion { get; init; } = "v1";
    public string Kind { get; init; } = "Pod";
    public ObjectMeta Metadata { get; init; } = new();
    public PodSpec Spec { get; init; } = new();
    public PodStatus Status { get; init; } = new();

    /// <summary>True once nothing of the pod will run again.</summary>
    [JsonIgnore]
    public bool IsFinished => Status.Phase is "Succeeded" or "Failed";
}

public sealed record PodSpec
{
    public string? NodeName { get; init; }
    public string? SchedulerName { get; init; }
    public List<Container> Containers { get; init; } = [];
    public List<Container>? InitContainers { get; init; }
    public List<Volume>? Volumes { get; init; }
    public string? RestartPolicy { get; init; }
    public long? TerminationGracePeriodSeconds { get; init; }
    public long? ActiveDeadlineSeconds { get; init; }
    public Dictionary<string, string>? NodeSelector { get; init; }
    public Affinity? Affinity { get; init; }
    public List<Toleration>? Tolerations { get; init; }
    public List<TopologySpreadConstraint>? TopologySpreadConstraints { get; init; }
    public List<NamedItem>? SchedulingGates { get; init; }
    public int? Priority { get; init; }
    public bool? HostNetwork { get; init; }
    [JsonPropertyName("hostPID")]
    public bool? HostPid { get; init; }
    [JsonPropertyName("hostIPC")]
    public bool? HostIpc { get; init; }
    public string? Hostname { get; init; }
    public string? Subdomain { get; init; }
    public string? ServiceAccountName { get; init; }
    public List<HostAlias>? HostAliases { get; init; }
    public string? DnsPolicy { get; init; }
    public PodDnsConfig? DnsConfig { get; init; }
    public PodSecurityContext? SecurityContext { get; init; }
    public Dictionary<string, string>? Overhead { get; init; }
    public List<ReadinessGate>? ReadinessGates { get; init; }
    public bool? EnableServiceLinks { get; init; }
}

public sealed record NamedItem
{
    public string Name { get; init; } = "";
}

public sealed record ReadinessGate
{
    public string ConditionType { get; init; } = "";
}

public sealed record HostAlias
{
    public string Ip { get; init; } = "";
    public List<string>? Hostnames { get; init; }
}

public sealed record PodDnsConfig
{
    public List<string>? Nameservers { get; init; }
    public List<string>? Searches { get; init; }
    public List<DnsOption>? Options { get; init; }
}

public sealed record DnsOption
{
    public string Name { get; init; } = "";
    public string? Value { get; init; }
}

public sealed record PodStatus
{
    public string? Phase { get; init; }
    public string? Reason { get; init; }
    public string? Message { get; init; }
    [JsonPropertyName("podIP")]
    public string? PodIp { get; init; }
    [JsonPropertyName("hostIP")]
    public string? HostIp { get; init; }
    public string? QosClass { get; init; }
    public string? NominatedNodeName { get; init; }
    public DateTimeOffset? StartTime { get; init; }
    public List<PodCondition>? Conditions { get; init; }
    public List<ContainerStatus>? ContainerStatuses { get; init; }
    public List<ContainerStatus>? InitContainerStatuses { get; init; }
}

/// <summary>One of the pod's conditions.</summary>
public sealed record PodCondition
{
    public string Type { get; init; } = "";
    public string Status { get; init; } = "Unknown";
    public string? Reason { get; init; }
    public string? Message { get; init; }
    public DateTimeOffset? LastProbeTime { get; init; }
    public DateTimeOffset? LastTransitionTime { get; init; }
    public long? ObservedGeneration { get; init; }
}

/// <summary>What the API knows about a container.</summary>
public sealed record ContainerStatus
{
    public string Name { get; init; } = "";
    public bool Ready { get; init; }
    public bool? Started { get; init; }
    public int RestartCount { get; init; }
    public string Image { get; init; } = "";
    [JsonPropertyName("imageID")]
    public string ImageId { get; init; } = "";
    [JsonPropertyName("containerID")]
    public string? ContainerId { get; init; }
    public ContainerState? State { get; init; }
    public ContainerState? LastState { get; init; }
}

public sealed record ContainerState
{
    public ContainerWaiting? Waiting { get; init; }
    public ContainerRunning? Running { get; init; }
    public ContainerTerminated? Terminated { get; init; }
}

public sealed record ContainerWaiting
{
    public string? Reason { get; init; }
    public string? Message { get; init; }
}

public sealed record ContainerRunning
{
    public DateTimeOffset? StartedAt { get; init; }
}

public sealed record ContainerTerminated
{
    public int ExitCode { get; init; }
    public string? Reason { get; init; }
    public string? Message { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    [JsonPropertyName("containerID")]
    public string? ContainerId { get; init; }
}
