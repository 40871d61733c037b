using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Boot;
using Godwit.VirtHandler.Node;

namespace Godwit.Unit.VirtHandler;

/// <summary>Objects for the tests of the node's agent.</summary>
internal static class Given
{
    public const string Node = "node01";
    public const string PodUid = "11111111-2222-3333-4444-555555555555";
    public const string VmiUid = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

    public static DateTimeOffset Now { get; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static NodeFacts NodeFacts { get; } = new(
        Node,
        "qemu-system-x86_64",
        new AcceleratorInfo { Name = "tcg", Reason = "there is no /dev/kvm", Qemu = new QemuVersionText(10, 0, 2, ""), Key = "" },
        new QemuCapabilities(new QemuVersion(10, 0, 2, ""), ["pc-q35-9.2", "pc-q35-10.0"], ["Nehalem", "Nehalem-v1", "Westmere", "qemu64"]));

    public static VirtualMachineInstance Vmi(string phase = VmiPhases.Scheduled) => new()
    {
        Metadata = new ObjectMeta { Name = "demo", Namespace = "default", Uid = VmiUid, ResourceVersion = "7" },
        Spec = new VirtualMachineInstanceSpec
        {
            Domain = new DomainSpec
            {
                Memory = new MemorySpec { Guest = "512Mi" },
                Devices = new DevicesSpec
                {
                    AutoattachGraphicsDevice = false,
                    Disks = [new Disk { Name = "root", DiskDevice = new DiskTarget { Bus = "virtio" } }, new Disk { Name = "scratch", DiskDevice = new DiskTarget { Bus = "virtio" } }],
                    Interfaces = [new Interface { Name = "default", Masquerade = new EmptyObject() }],
                },
            },
            Networks = [new Godwit.Types.Network { Name = "default", Pod = new PodNetwork() }],
            Volumes =
            [
                new Volume { Name = "root", ContainerDisk = new ContainerDiskVolume { Image = "godwit/demo-guest:1" } },
                new Volume { Name = "scratch", EmptyDisk = new EmptyDiskVolume { Capacity = "64Mi" } },
            ],
        },
        Status = new VirtualMachineInstanceStatus { Phase = phase, NodeName = Node, OwnerPodUID = PodUid },
    };

    public static Pod Pod(string phase = PodPhases.Running) => new()
    {
        Metadata = new ObjectMeta { Name = "virt-launcher-demo-x", Namespace = "default", Uid = PodUid },
        Status = new PodStatus { Phase = phase, PodIP = "10.98.1.7", PodIPs = [new PodIP { Ip = "10.98.1.7" }] },
    };

    public static GuestFacts Facts(VirtualMachineInstance? vmi = null) => new() { Vmi = vmi ?? Vmi(), Node = Node, Pod = Pod(), Now = Now };

    public static VirtualMachineInstance Deleted(this VirtualMachineInstance vmi) => vmi with { Metadata = vmi.Metadata with { DeletionTimestamp = Now } };
}
