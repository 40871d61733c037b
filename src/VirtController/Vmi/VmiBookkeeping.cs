using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Conditions and lists of a VMI that follow from its pods, whatever its phase. Pure.</summary>
internal static class VmiBookkeeping
{
    /// <summary>Reasons under which virt-controller itself says that a VMI is not in order.</summary>
    private static readonly string[] OwnReasons =
    [
        EventReasons.FailedCreate, EventReasons.FailedPvcNotFound, Reasons.ErrImagePull, Reasons.ImagePullBackOff,
        "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
    ];

    public static VirtualMachineInstance Apply(VirtualMachineInstance vmi, VmiFacts facts)
    {
        var status = vmi.Status ?? new VirtualMachineInstanceStatus();
        var conditions = status.Conditions ?? [];
        var pod = Current(vmi, facts);
        conditions = Ready(conditions, vmi, pod, facts.Now);
        conditions = Scheduled(conditions, vmi, pod, facts.Now);
        conditions = Image(conditions, vmi, pod, facts.Now);
        conditions = Eviction(conditions, status, facts.Now);
        return vmi with
        {
            Metadata = string.IsNullOrEmpty(status.EvacuationNodeName)
                ? vmi.Metadata with { Annotations = vmi.Metadata.Annotations.Without(Annotations.EvictionSource) }
                : vmi.Metadata,
            Status = status with
            {
                Conditions = conditions.Count == 0 ? null : conditions,
                ActivePods = facts.Pods.Count == 0
                    ? null
                    : facts.Pods.ToDictionary(
                        one => one.Metadata.Uid ?? "", one => one.Spec?.NodeName ?? "", StringComparer.Ordinal),
            },
        };
    }

    public static VirtualMachineInstance NotSynchronized(
        VirtualMachineInstance vmi, string reason, string message, DateTimeOffset now) => vmi with
        {
            Status = (vmi.Status ?? new VirtualMachineInstanceStatus()) with
            {
                Conditions = vmi.Status?.Conditions.With(Conditions.Synchronized, status: false, now, reason, message)
                    ?? ConditionLists.With(null, Conditions.Synchronized, status: false, now, reason, message),
            },
        };

    private static Pod? Current(VirtualMachineInstance vmi, VmiFacts facts) => vmi.Status?.OwnerPodUID is { } owner
        ? facts.Pods.FirstOrDefault(pod => pod.Metadata.Uid == owner)
        : facts.Pods.FirstOrDefault(pod => pod.Metadata.Label(Labels.MigrationJobUid) is null);

    private static IReadOnlyList<Condition> Ready(
        IReadOnlyList<Condition> conditions, VirtualMachineInstance vmi, Pod? pod, DateTimeOffset now)
    {
        if (vmi.Status?.Phase != VmiPhases.Running)
        {
            return conditions.With(
                Conditions.Ready, status: false, now, Reasons.GuestNotRunning, "Guest VM is not reported as running");
        }

        if (pod is null)
        {
            return conditions.With(
                Conditions.Ready, status: false, now, Reasons.PodNotExists, "virt-launcher pod has not been found");
        }

        if (pod.IsDeleting())
        {
            return conditions.With(
                Conditions.Ready, status: false, now, Reasons.PodTerminating, "virt-launcher pod is terminating");
        }

        if (pod.Status?.Conditions.Find(Conditions.Ready) is { } known && UnpausedGate.IsUnderWay(vmi, known) && conditions.IsTrue(Conditions.Ready))
        {
            return conditions;
        }

        return pod.Status?.Conditions.Find(Conditions.Ready) is { } ready
            ? conditions.With(Conditions.Ready, ready.Status == Conditions.True, now, ready.Reason, ready.Message)
            : conditions.With(
                Conditions.Ready,
                status: false,
                now,
                Reasons.PodConditionMissing,
                "virt-launcher pod is missing the Ready condition");
    }

    private static IReadOnlyList<Condition> Scheduled(
        IReadOnlyList<Condition> conditions, VirtualMachineInstance vmi, Pod? pod, DateTimeOffset now) =>
        vmi.Status?.Phase == VmiPhases.Scheduling
        && pod?.Status?.Conditions.Find(Conditions.PodScheduled) is { Status: Conditions.False } condition
            ? conditions.With(Conditions.PodScheduled, status: false, now, condition.Reason, condition.Message)
            : conditions.Without(Conditions.PodScheduled);

    /// <summary>Says what an image's trouble is, in the kubelet's words, and takes it back when it is over.</summary>
    private static IReadOnlyList<Condition> Image(
        IReadOnlyList<Condition> conditions, VirtualMachineInstance vmi, Pod? pod, DateTimeOffset now)
    {
        if (vmi.IsUnprocessed() && pod is null)
        {
            return conditions;
        }

        var waiting = vmi.Status?.Phase == VmiPhases.Scheduling ? ImageTrouble(pod) : null;
        if (waiting is not null)
        {
            return conditions.With(Conditions.Synchronized, status: false, now, waiting.Reason, waiting.Message);
        }

        return conditions.Find(Conditions.Synchronized)?.Reason is { } reason && OwnReasons.Contains(reason)
            ? conditions.Without(Conditions.Synchronized)
            : conditions;
    }

    /// <summary>Why the kubelet cannot get an image of the pod, if that is so.</summary>
    public static ContainerStateWaiting? ImageTrouble(Pod? pod) =>
        (pod?.Status?.InitContainerStatuses ?? [])
        .Concat(pod?.Status?.ContainerStatuses ?? [])
        .Select(status => status.State?.Waiting)
        .FirstOrDefault(waiting => waiting?.Reason is { } reason && OwnReasons.Contains(reason));

    private static IReadOnlyList<Condition> Eviction(
        IReadOnlyList<Condition> conditions, VirtualMachineInstanceStatus status, DateTimeOffset now) =>
        string.IsNullOrEmpty(status.EvacuationNodeName)
            ? conditions.Without(Conditions.EvictionRequested)
            : conditions.With(
                Conditions.EvictionRequested, status: true, now, Reasons.EvictionRequested, "VMI is marked for eviction");
}
