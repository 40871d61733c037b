using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What must be known to decide about a virtual machine.</summary>
public sealed record VirtualMachineFacts
{
    public required VirtualMachine Vm { get; init; }

    /// <summary>The VMI of the virtual machine's name, if it is the virtual machine's or nobody's.</summary>
    public VirtualMachineInstance? Vmi { get; init; }

    /// <summary>A VMI of that name which is somebody else's: it stands in the way.</summary>
    public VirtualMachineInstance? Foreign { get; init; }

    /// <summary>A claim that the template names exists but has no volume yet.</summary>
    public bool UnboundClaims { get; init; }

    /// <summary>From 0 to 1: sets virtual machines that fail together apart when they are tried again.</summary>
    public double Spread { get; init; }

    public required DateTimeOffset Now { get; init; }
}
