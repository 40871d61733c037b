using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What follows from a node's heartbeat. Pure.</summary>
public static class NodeDecisions
{
    /// <summary>A node that is silent for longer takes no more guests, and its guests without pods are lost.</summary>
    public static readonly TimeSpan HeartbeatTimeout = TimeSpan.FromMinutes(5);

    private const string OutOfService = "node.kubernetes.io/out-of-service";

    /// <summary>
    /// The node is known to run nothing any more: it was removed from the cluster, or an administrator has declared it to
    /// be off. Silence alone proves nothing.
    /// </summary>
    public static bool IsGone(Node? node) => node is null || node.Spec?.Taints?.Any(taint => taint.Key == OutOfService) == true;

    /// <summary>The node was heard of once, and not for too long.</summary>
    /// <param name="silence">For how long it has not been heard; null: it never was.</param>
    public static bool IsSilent(TimeSpan? silence) => silence > HeartbeatTimeout;

    /// <summary>The guest is lost: its node is silent and no pod of it is alive there.</summary>
    public static bool IsLost(VirtualMachineInstance vmi, string node, IReadOnlyList<Pod> pods) =>
        !vmi.IsFinal()
        && vmi.Status?.NodeName == node
        && !pods.Any(pod => pod.Spec?.NodeName == node && IsAlive(pod) && !Forwarders.Is(pod, vmi));

    /// <summary>Not known to have ended. One that is being deleted may run as long as no kubelet has said that it does not.</summary>
    private static bool IsAlive(Pod pod) =>
        !pod.IsFinished() && !(pod.Status?.ContainerStatuses is { Count: > 0 } containers && containers.All(container => container.State?.Terminated is not null));

    public static VirtualMachineInstance Lost(VirtualMachineInstance vmi, DateTimeOffset now) => vmi with
    {
        Status = vmi.Status! with
        {
            Phase = VmiPhases.Failed,
            Reason = Reasons.NodeUnresponsive,
            PhaseTransitionTimestamps = vmi.Status.PhaseTransitionTimestamps.With(VmiPhases.Failed, now),
        },
    };
}
