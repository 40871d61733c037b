using Godwit.Types;
using Godwit.VirtController;

namespace Godwit.Unit.VirtController.VirtualMachines;

/// <summary>Virtual machines that tests begin with; their VMI is that of <see cref="Given"/>.</summary>
internal static class Vms
{
    public const string Uid = "vm-uid";

    public static VirtualMachine Vm(string? strategy = RunStrategies.Always, VirtualMachineStatus? status = null) => new()
    {
        ApiVersion = "kubevirt.io/v1",
        Kind = "VirtualMachine",
        Metadata = new ObjectMeta
        {
            Name = "vmi-fedora",
            Namespace = "default",
            Uid = Uid,
            ResourceVersion = "3",
            Generation = 4,
            Finalizers = [Finalizers.Vm],
        },
        Spec = new VirtualMachineSpec
        {
            RunStrategy = strategy,
            Template = new VirtualMachineInstanceTemplateSpec
            {
                Metadata = new ObjectMeta
                {
                    Labels = new Dictionary<string, string> { ["app"] = "web" },
                    Annotations = new Dictionary<string, string> { ["mine"] = "y" },
                },
                Spec = new VirtualMachineInstanceSpec { Domain = new DomainSpec { Memory = new MemorySpec { Guest = "512Mi" } } },
            },
        },
        Status = status,
    };

    public static VirtualMachine Asked(this VirtualMachine vm, params VirtualMachineStateChangeRequest[] requests) =>
        vm with { Status = (vm.Status ?? new VirtualMachineStatus()) with { StateChangeRequests = requests } };

    public static VirtualMachineStateChangeRequest Start(bool paused = false) => new()
    {
        Action = "Start",
        Data = paused ? new Dictionary<string, string> { ["paused"] = "true" } : null,
    };

    public static VirtualMachineStateChangeRequest Stop(string uid = "vmi-uid") => new() { Action = "Stop", Uid = uid };

    /// <summary>The virtual machine's own VMI.</summary>
    public static VirtualMachineInstance Vmi(string phase = VmiPhases.Running, bool deleting = false, bool ran = false)
    {
        var vmi = Given.Vmi(phase, "node01", "source-uid");
        return vmi with
        {
            Metadata = vmi.Metadata with
            {
                DeletionTimestamp = deleting ? Given.Now : null,
                OwnerReferences = [new OwnerReference { Kind = "VirtualMachine", Name = "vmi-fedora", Uid = Uid, Controller = true }],
            },
            Status = vmi.Status! with
            {
                PhaseTransitionTimestamps = ran
                    ? [new PhaseTransition { Phase = VmiPhases.Running, PhaseTransitionTimestamp = Given.Now }]
                    : null,
            },
        };
    }

    public static VirtualMachineInstance With(this VirtualMachineInstance vmi, Func<VirtualMachineInstanceStatus, VirtualMachineInstanceStatus> change) =>
        vmi with { Status = change(vmi.Status!) };

    public static VirtualMachinePlan Decide(VirtualMachine vm, VirtualMachineInstance? vmi = null) =>
        VirtualMachineDecisions.Decide(new VirtualMachineFacts { Vm = vm, Vmi = vmi, Now = Given.Now });
}
