using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>What a pod runs, with what, and where.</summary>
public sealed record PodSpec : ApiPart
{
    public IReadOnlyList<Container>? Containers { get; init; }

    public IReadOnlyList<Container>? InitContainers { get; init; }

    public IReadOnlyList<PodVolume>? Volumes { get; init; }

    public string? NodeName { get; init; }

    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    public Affinity? Affinity { get; init; }

    public IReadOnlyList<Toleration>? Tolerations { get; init; }

    public JsonElement? TopologySpreadConstraints { get; init; }

    public string? SchedulerName { get; init; }

    public string? PriorityClassName { get; init; }

    public string? RuntimeClassName { get; init; }

    public string? ServiceAccountName { get; init; }

    public bool? AutomountServiceAccountToken { get; init; }

    public string? RestartPolicy { get; init; }

    public long? TerminationGracePeriodSeconds { get; init; }

    public string? Hostname { get; init; }

    public string? Subdomain { get; init; }

    public string? DnsPolicy { get; init; }

    public JsonElement? DnsConfig { get; init; }

    public bool? HostNetwork { get; init; }

    [JsonPropertyName("hostPID")]
    public bool? HostPid { get; init; }

    public bool? EnableServiceLinks { get; init; }

    public IReadOnlyList<LocalObjectReference>? ImagePullSecrets { get; init; }

    public PodSecurityContext? SecurityContext { get; init; }

    public IReadOnlyList<PodReadinessGate>? ReadinessGates { get; init; }
}
