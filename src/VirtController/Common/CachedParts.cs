using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>
/// The parts of objects that are read: the caches keep no more, as there are thousands of VMIs and pods, and nodes list their images.
/// Whoever reads another field adds it here. What is kept can be changed by a difference; nothing can be written whole. Pure.
/// </summary>
internal static class CachedParts
{
    private static readonly ContainerStateRunning Running = new();

    /// <summary>All of it but the devices that its guest has, each with a bus and an address: those are the agents' to read.</summary>
    public static VirtualMachineInstance Of(VirtualMachineInstance vmi) =>
        vmi.Status is not { Hardware: { } hardware } status
            ? vmi.WithoutManagedFields()
            : vmi.WithoutManagedFields() with
            {
                Status = status with { Hardware = new HardwareRecord { MachineType = hardware.MachineType, CpuModel = hardware.CpuModel } },
            };

    public static Pod Of(Pod pod) => new()
    {
        Metadata = Of(pod.Metadata) with
        {
            Annotations = pod.Metadata.Annotations,
            CreationTimestamp = pod.Metadata.CreationTimestamp,
            DeletionTimestamp = pod.Metadata.DeletionTimestamp,
            DeletionGracePeriodSeconds = pod.Metadata.DeletionGracePeriodSeconds,
            OwnerReferences = pod.Metadata.Controller() is { } owner ? [Of(owner)] : null,
        },
        Spec = pod.Spec is not { } spec ? null : new PodSpec
        {
            NodeName = spec.NodeName,
            ReadinessGates = spec.ReadinessGates,
            Containers = spec.Containers?.FirstOrDefault(static container => container.Name == Launcher.Container) is { } compute
                ? [new Container { Name = compute.Name, Image = compute.Image }]
                : null,
        },
        Status = pod.Status is not { } status ? null : new PodStatus
        {
            Phase = status.Phase,
            Reason = status.Reason,
            Message = status.Message,
            QosClass = status.QosClass,
            Conditions = Of(status.Conditions, Conditions.Ready, Conditions.PodScheduled, Conditions.VirtualMachineUnpaused),
            ContainerStatuses = Of(status.ContainerStatuses),
            InitContainerStatuses = Of(status.InitContainerStatuses),
        },
    };

    public static Node Of(Node node) => new()
    {
        Metadata = Of(node.Metadata) with
        {
            Annotations = node.Metadata.Annotation(Annotations.Heartbeat) is { } heartbeat
                ? new Dictionary<string, string>(StringComparer.Ordinal) { [Annotations.Heartbeat] = heartbeat }
                : null,
        },
        Spec = node.Spec is not { } spec ? null : new NodeSpec { Unschedulable = spec.Unschedulable, Taints = spec.Taints },
        Status = node.Status is not { } status ? null : new NodeStatus
        {
            Allocatable = status.Allocatable?.GetValueOrDefault(Launcher.UserfaultfdDevice) is { } count
                ? new Dictionary<string, string>(StringComparer.Ordinal) { [Launcher.UserfaultfdDevice] = count }
                : null,
            Conditions = Of(status.Conditions, Conditions.Ready),
            NodeInfo = status.NodeInfo,
        },
    };

    private static ObjectMeta Of(ObjectMeta metadata) => new()
    {
        Name = metadata.Name,
        Namespace = metadata.Namespace,
        Uid = metadata.Uid,
        ResourceVersion = metadata.ResourceVersion,
        Labels = metadata.Labels,
    };

    private static OwnerReference Of(OwnerReference owner) => new()
    {
        Kind = owner.Kind,
        Name = owner.Name,
        Uid = owner.Uid,
        Controller = owner.Controller,
    };

    private static Condition[]? Of(IReadOnlyList<Condition>? conditions, params ReadOnlySpan<string> types)
    {
        if (conditions is null)
        {
            return null;
        }

        var kept = new List<Condition>(types.Length);
        foreach (var type in types)
        {
            if (conditions.Find(type) is { } condition)
            {
                kept.Add(new Condition { Type = type, Status = condition.Status, Reason = condition.Reason, Message = condition.Message });
            }
        }

        return [.. kept];
    }

    private static ContainerStatus[]? Of(IReadOnlyList<ContainerStatus>? containers) => containers is null ? null :
    [
        .. containers.Select(static container => new ContainerStatus
        {
            Name = container.Name,
            Ready = container.Ready,
            State = container.State is not { } state ? null : new ContainerState
            {
                Waiting = state.Waiting is { } waiting ? new ContainerStateWaiting { Reason = waiting.Reason, Message = waiting.Message } : null,
                Running = state.Running is null ? null : Running,
                Terminated = state.Terminated is { } end
                    ? new ContainerStateTerminated { ExitCode = end.ExitCode, Reason = end.Reason, Message = end.Message }
                    : null,
            },
        }),
    ];
}
