using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>A pod that is to be marked as forwarder and deleted with the time that it needs as one.</summary>
/// <param name="Pod">The pod, as it was seen.</param>
/// <param name="Migration">UID of the migration that the guest left it by.</param>
/// <param name="GraceSeconds">Seconds after which it is killed.</param>
public sealed record ForwarderPlan(Pod Pod, string Migration, long GraceSeconds)
{
    /// <summary>What is told about it.</summary>
    public required PlannedEvent Event { get; init; }
}
