using System.Text.Json;

namespace Godwit.Types;

/// <summary>What the user wants the virtual machine to be.</summary>
public sealed record VirtualMachineInstanceSpec : ApiPart
{
    public DomainSpec? Domain { get; init; }

    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    public Affinity? Affinity { get; init; }

    public IReadOnlyList<Toleration>? Tolerations { get; init; }

    public IReadOnlyList<JsonElement>? TopologySpreadConstraints { get; init; }

    public string? SchedulerName { get; init; }

    public string? PriorityClassName { get; init; }

    public string? ServiceAccountName { get; init; }

    public string? EvictionStrategy { get; init; }

    public string? StartStrategy { get; init; }

    public long? TerminationGracePeriodSeconds { get; init; }

    public IReadOnlyList<Volume>? Volumes { get; init; }

    public IReadOnlyList<Network>? Networks { get; init; }

    public JsonElement? LivenessProbe { get; init; }

    public JsonElement? ReadinessProbe { get; init; }

    public string? Hostname { get; init; }

    public string? Subdomain { get; init; }

    public string? DnsPolicy { get; init; }

    public JsonElement? DnsConfig { get; init; }

    public IReadOnlyList<JsonElement>? AccessCredentials { get; init; }

    public string? Architecture { get; init; }

    public IReadOnlyList<JsonElement>? ResourceClaims { get; init; }

    public IReadOnlyList<JsonElement>? UtilityVolumes { get; init; }
}
