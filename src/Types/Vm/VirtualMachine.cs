namespace Godwit.Types;

/// <summary>A virtual machine that outlives its runs: while it is to run, there is a VMI of its name.</summary>
public sealed record VirtualMachine : ApiObject
{
    public VirtualMachineSpec? Spec { get; init; }

    public VirtualMachineStatus? Status { get; init; }
}
