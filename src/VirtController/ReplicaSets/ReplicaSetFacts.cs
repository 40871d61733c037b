using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What must be known to decide about a replica set.</summary>
public sealed record ReplicaSetFacts
{
    public required VirtualMachineInstanceReplicaSet Set { get; init; }

    /// <summary>All VMIs of its namespace: its own, nobody's and others'.</summary>
    public IReadOnlyList<VirtualMachineInstance> Vmis { get; init; } = [];

    public required DateTimeOffset Now { get; init; }
}
