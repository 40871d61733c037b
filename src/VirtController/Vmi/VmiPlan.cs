using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What is to be done for a VMI.</summary>
/// <param name="Vmi">The VMI as it should be stored; unchanged parts are not written.</param>
public sealed record VmiPlan(VirtualMachineInstance Vmi)
{
    /// <summary>The launcher pod is to be made.</summary>
    public bool CreatePod { get; init; }

    public IReadOnlyList<Pod> DeletePods { get; init; } = [];

    /// <summary>The pod that carries old connections from now on; null when there is none that does not do so already.</summary>
    public ForwarderPlan? Forwarder { get; init; }

    /// <summary>What is to be said of the owner's readiness; null when it has been said.</summary>
    public ReadinessPlan? Readiness { get; init; }

    public IReadOnlyList<PlannedEvent> Events { get; init; } = [];

    /// <summary>When to look again though nothing may have changed.</summary>
    public TimeSpan? Again { get; init; }
}
