namespace Godwit.Types;

/// <summary>A virtual machine that runs, or is to run, or has run once.</summary>
public sealed record VirtualMachineInstance : ApiObject
{
    public VirtualMachineInstanceSpec? Spec { get; init; }

    public VirtualMachineInstanceStatus? Status { get; init; }
}
