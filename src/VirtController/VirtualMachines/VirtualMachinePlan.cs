using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What is to be done for a virtual machine.</summary>
/// <param name="Vm">The virtual machine as it should be stored; unchanged parts are not written.</param>
public sealed record VirtualMachinePlan(VirtualMachine Vm)
{
    /// <summary>The VMI that is to be made.</summary>
    public VirtualMachineInstance? Create { get; init; }

    /// <summary>The VMI that is to be ended.</summary>
    public VirtualMachineInstance? Delete { get; init; }

    /// <summary>A VMI that was nobody's, with its new owner on it.</summary>
    public VirtualMachineInstance? Adopt { get; init; }

    /// <summary>It is to run and does not: now, after a pause, or once what hinders it is gone.</summary>
    public bool WantsStart { get; init; }

    /// <summary>Why what was to be done could not be done.</summary>
    public PlannedEvent? Failure { get; init; }

    /// <summary>When to look again though nothing may have changed.</summary>
    public TimeSpan? Again { get; init; }
}
