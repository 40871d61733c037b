using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What is shown of a replica set. Pure.</summary>
internal static class ReplicaSetStatuses
{
    public static VirtualMachineInstanceReplicaSet Apply(
        VirtualMachineInstanceReplicaSet set, LabelSelector selector, IReadOnlyList<VirtualMachineInstance> active, DateTimeOffset now)
    {
        var status = set.Status ?? new VirtualMachineInstanceReplicaSetStatus();
        var conditions = set.Spec!.Paused == true
            ? status.Conditions.With(Conditions.ReplicaPaused, status: true, now, "Paused", "Controller got paused")
            : status.Conditions.Without(Conditions.ReplicaPaused);

        // A failure that was told stays until the number is right, or is not to be made right.
        if (active.Count == (set.Spec.Replicas ?? 1) || set.Spec.Paused == true)
        {
            conditions = conditions.Without(Conditions.ReplicaFailure);
        }

        return set with
        {
            Status = status with
            {
                Replicas = active.Count,
                ReadyReplicas = active.Count(vmi => vmi.Status?.Conditions.IsTrue(Conditions.Ready) == true),
                LabelSelector = selector.ToString(),
                Conditions = conditions.Count == 0 ? null : conditions,
            },
        };
    }

    public static VirtualMachineInstanceReplicaSet Failed(
        VirtualMachineInstanceReplicaSet set, string reason, string message, DateTimeOffset now) => set with
        {
            Status = (set.Status ?? new VirtualMachineInstanceReplicaSetStatus()) with
            {
                Conditions = (set.Status?.Conditions).With(Conditions.ReplicaFailure, status: true, now, reason, message),
            },
        };

    /// <summary>That it was paused or goes on, told when it is news.</summary>
    public static IEnumerable<PlannedEvent> Events(VirtualMachineInstanceReplicaSet set)
    {
        var told = set.Status?.Conditions.Find(Conditions.ReplicaPaused) is not null;
        if (set.Spec!.Paused == true && !told)
        {
            yield return new PlannedEvent(EventReasons.SuccessfulPaused, "Paused");
        }
        else if (set.Spec.Paused != true && told)
        {
            yield return new PlannedEvent(EventReasons.SuccessfulResumed, "Resumed");
        }
    }
}
