using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What is to be done for a replica set.</summary>
/// <param name="Set">The replica set as it should be stored.</param>
public sealed record ReplicaSetPlan(VirtualMachineInstanceReplicaSet Set)
{
    /// <summary>VMIs to be made, all alike; their names are generated.</summary>
    public IReadOnlyList<VirtualMachineInstance> Create { get; init; } = [];

    public IReadOnlyList<VirtualMachineInstance> Delete { get; init; } = [];

    /// <summary>VMIs whose owner changes, as they should be stored: those that are taken in and those that are let go.</summary>
    public IReadOnlyList<VirtualMachineInstance> Reown { get; init; } = [];

    public IReadOnlyList<PlannedEvent> Events { get; init; } = [];

    /// <summary>The number of VMIs is about to change.</summary>
    public bool Scales => Create.Count > 0 || Delete.Count > 0;
}
