using System.Text.Json;

namespace Godwit.Types;

/// <summary>What is known of the virtual machine now.</summary>
public sealed record VirtualMachineStatus : ApiPart
{
    public string? SnapshotInProgress { get; init; }

    public string? RestoreInProgress { get; init; }

    /// <summary>The VMI exists.</summary>
    public bool? Created { get; init; }

    /// <summary>The VMI is ready.</summary>
    public bool? Ready { get; init; }

    public string? PrintableStatus { get; init; }

    /// <summary>The strategy that was last acted on; absent until there was a VMI for the first time.</summary>
    public string? RunStrategy { get; init; }

    public IReadOnlyList<Condition>? Conditions { get; init; }

    /// <summary>What was asked by start, stop and restart, in the order in which it is to be done.</summary>
    public IReadOnlyList<VirtualMachineStateChangeRequest>? StateChangeRequests { get; init; }

    public IReadOnlyList<JsonElement>? VolumeRequests { get; init; }

    public IReadOnlyList<JsonElement>? VolumeSnapshotStatuses { get; init; }

    public VirtualMachineStartFailure? StartFailure { get; init; }

    public JsonElement? MemoryDumpRequest { get; init; }

    /// <summary>The generation that the running VMI was made from.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>The generation that the next VMI will be made from.</summary>
    public long? DesiredGeneration { get; init; }

    public JsonElement? VolumeUpdateState { get; init; }

    public JsonElement? ChangedBlockTracking { get; init; }

    public JsonElement? InstancetypeRef { get; init; }

    public JsonElement? PreferenceRef { get; init; }
}
