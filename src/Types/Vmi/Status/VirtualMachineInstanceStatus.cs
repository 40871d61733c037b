using System.Text.Json;
using System.Text.Json.Serialization;

namespace Godwit.Types;

/// <summary>What is known of the virtual machine now.</summary>
public sealed record VirtualMachineInstanceStatus : ApiPart
{
    public string? Phase { get; init; }

    public IReadOnlyList<PhaseTransition>? PhaseTransitionTimestamps { get; init; }

    public string? Reason { get; init; }

    /// <summary>The node that owns the guest; changes only with <see cref="OwnerPodUID"/>.</summary>
    public string? NodeName { get; init; }

    /// <summary>The ownership record: the launcher pod whose QEMU may let the guest run.</summary>
    public string? OwnerPodUID { get; init; }

    public IReadOnlyList<Condition>? Conditions { get; init; }

    public IReadOnlyList<InterfaceStatus>? Interfaces { get; init; }

    public JsonElement? GuestOSInfo { get; init; }

    public string? MigrationMethod { get; init; }

    public MigrationState? MigrationState { get; init; }

    public string? MigrationTransport { get; init; }

    public IReadOnlyDictionary<string, string>? ActivePods { get; init; }

    public string? EvacuationNodeName { get; init; }

    public string? LauncherContainerImageVersion { get; init; }

    public string? QosClass { get; init; }

    public IReadOnlyList<VolumeStatus>? VolumeStatus { get; init; }

    public JsonElement? KernelBootStatus { get; init; }

    public string? FsFreezeStatus { get; init; }

    public JsonElement? TopologyHints { get; init; }

    public long? RuntimeUser { get; init; }

    [JsonPropertyName("VSOCKCID")]
    public long? VSOCKCID { get; init; }

    public string? SelinuxContext { get; init; }

    public MachineSpec? Machine { get; init; }

    public CpuTopology? CurrentCPUTopology { get; init; }

    public MemoryStatus? Memory { get; init; }

    public IReadOnlyList<JsonElement>? MigratedVolumes { get; init; }

    public string? VirtualMachineRevisionName { get; init; }

    public JsonElement? ChangedBlockTracking { get; init; }

    /// <summary>What the guest sees, decided once at first boot; a target is built from it only.</summary>
    public HardwareRecord? Hardware { get; init; }
}
