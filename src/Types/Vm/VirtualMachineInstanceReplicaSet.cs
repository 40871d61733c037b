namespace Godwit.Types;

/// <summary>Keeps a number of like VMIs running.</summary>
public sealed record VirtualMachineInstanceReplicaSet : ApiObject
{
    public VirtualMachineInstanceReplicaSetSpec? Spec { get; init; }

    public VirtualMachineInstanceReplicaSetStatus? Status { get; init; }
}
