using Godwit.Qemu;
using Godwit.Types;

namespace Godwit.VirtHandler.Subresources;

/// <summary>
/// Whether this node's agent may do to a guest what its user asks. Pure. Only the owner's agent may, and not while a migration
/// acts on the guest: the migration alone knows which copy may run.
/// </summary>
public static class GuestCommandDecision
{
    /// <param name="command">What is asked.</param>
    /// <param name="vmi">The VMI as the API server has it; null when it is gone.</param>
    /// <param name="node">This agent's node.</param>
    /// <param name="runState">QEMU's run state; null when QEMU has not been asked yet.</param>
    /// <returns>Why not; null when it may.</returns>
    public static GuestAnswer? Refuse(GuestCommand command, VirtualMachineInstance? vmi, string node, string? runState)
    {
        if (vmi?.Status is not { OwnerPodUID: { Length: > 0 } } status || status.NodeName != node)
        {
            return GuestAnswer.Conflict($"the guest is not on node {node} any more: it has moved or ended; try again");
        }

        if (status.Phase != VmiPhases.Running)
        {
            return GuestAnswer.Conflict("VMI is not running");
        }

        if (vmi.IsMigrating())
        {
            return GuestAnswer.Conflict($"VMI is being migrated to node {status.MigrationState!.TargetNode}: wait until it has moved, or cancel the migration");
        }

        return (command, runState) switch
        {
            (_, null) => null,
            (_, RunStates.InMigrate or RunStates.FinishMigrate or RunStates.PostMigrate) =>
                GuestAnswer.Conflict($"this copy of the guest belongs to a migration (QEMU says {runState}); try again"),
            (GuestCommand.Pause, RunStates.Running or RunStates.Suspended) => null,
            (GuestCommand.Pause, RunStates.Paused or RunStates.Prelaunch) => GuestAnswer.Conflict("VMI is already paused"),
            (GuestCommand.Pause, _) => GuestAnswer.Conflict($"VMI does not run: its guest is in state {runState}"),
            (GuestCommand.Unpause, RunStates.Paused or RunStates.Prelaunch or RunStates.IoError) => null,
            (GuestCommand.Unpause, RunStates.Running or RunStates.Suspended) => GuestAnswer.Conflict("VMI is not paused"),
            (GuestCommand.Unpause, _) => GuestAnswer.Conflict($"VMI cannot go on: its guest is in state {runState}; reset it"),
            _ => null,
        };
    }
}
