using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Network;
using Godwit.VirtHandler.Node;

namespace Godwit.VirtHandler.Boot;

/// <summary>Decides a guest's hardware from its VMI and what the node offers. Pure; used at first boot, and to check a record.</summary>
public static class HardwareBuilder
{
    private const long MiB = 1 << 20;

    public static string DiskId(string name) => $"disk-{name}";

    public static string NicId(string name) => $"nic-{name}";

    /// <param name="vmi">What is wanted.</param>
    /// <param name="node">What is offered.</param>
    /// <param name="recorded">The guest's record, once there is one: it says whether the guest was born with an agent channel.</param>
    public static HardwareDefinition Build(VirtualMachineInstance vmi, NodeFacts node, HardwareDefinition? recorded = null)
    {
        var domain = vmi.Spec?.Domain ?? new DomainSpec();
        var devices = domain.Devices;
        try
        {
            return HardwarePlanner.Plan(new HardwareRequest
            {
                MachineType = MachineType(domain.Machine?.Type, node.Capabilities),
                CpuModel = CpuModel(domain.Cpu?.Model, node.Capabilities),
                CpuFeatures = [.. (domain.Cpu?.Features ?? []).Select(Feature).OfType<string>()],
                MemoryBytes = MemoryBytes(domain),
                Vcpus = new Qemu.CpuTopology(Count(domain.Cpu?.Sockets), Count(domain.Cpu?.Cores), Count(domain.Cpu?.Threads)),
                Uuid = domain.Firmware?.Uuid ?? vmi.Metadata.Uid!,
                Firmware = Firmware(domain.Firmware?.Bootloader),
                Accelerator = node.Accelerator.Name,
                Disks = [.. (devices?.Disks ?? []).Select(Disk)],
                Nics = [.. (devices?.Interfaces ?? []).Where(card => card.State != "absent").Select(card => Nic(card, vmi.Metadata.Uid!))],
                Serial = devices?.AutoattachSerialConsole != false,
                Rng = devices?.Rng is not null,
                Graphics = devices?.AutoattachGraphicsDevice != false,
                AgentChannel = recorded is null || recorded.Find(HardwarePlanner.AgentPortId) is not null,
            });
        }
        catch (ArgumentException e)
        {
            throw new DomainException(e.Message, e);
        }
    }

    /// <summary>The MAC that a card of the VMI has, given or derived.</summary>
    public static string Mac(Interface card, string vmiUid) =>
        card.MacAddress is { Length: > 0 } mac ? MacAddress.Normalize(mac) : MacAddress.Derive(vmiUid, card.Name ?? "");

    private static string MachineType(string? wanted, QemuCapabilities capabilities)
    {
        if (wanted is null or "" or "q35" or "pc-q35")
        {
            return capabilities.MachineTypes.Contains(capabilities.Version.MachineType)
                ? capabilities.Version.MachineType
                : throw new DomainException($"this node's QEMU {capabilities.Version} does not offer its own machine type {capabilities.Version.MachineType}");
        }

        return capabilities.MachineTypes.Contains(wanted)
            ? wanted
            : throw new DomainException(
                $"spec.domain.machine.type: this node's QEMU {capabilities.Version} does not offer {wanted}; use q35, or one of {string.Join(", ", capabilities.MachineTypes.TakeLast(4))}");
    }

    private static string CpuModel(string? wanted, QemuCapabilities capabilities)
    {
        if (wanted is null or "" or Defaults.CpuModel)
        {
            return CpuModels.Choose(capabilities.CpuModels.ToHashSet(StringComparer.Ordinal));
        }

        return CpuModels.WhyNot(wanted, capabilities.CpuModels.ToHashSet(StringComparer.Ordinal)) is { } reason
            ? throw new DomainException($"spec.domain.cpu.model: {reason}")
            : wanted;
    }

    // "optional" means "if the node has it", which would make the hardware depend on the first node: it is left out.
    private static string? Feature(CpuFeature feature) => feature.Policy switch
    {
        null or "" or "require" or "force" => "+" + feature.Name,
        "disable" or "forbid" => "-" + feature.Name,
        _ => null,
    };

    private static long MemoryBytes(DomainSpec domain)
    {
        var text = domain.Memory?.Guest
            ?? domain.Resources?.Requests?.GetValueOrDefault("memory")
            ?? domain.Resources?.Limits?.GetValueOrDefault("memory");
        var bytes = Sizes.Whole(text);
        return bytes >= MiB
            ? (bytes + MiB - 1) / MiB * MiB
            : throw new DomainException($"spec.domain.memory.guest: \"{text}\" is no size of memory that a guest could run in");
    }

    private static string Firmware(BootloaderSpec? bootloader) => bootloader?.Efi switch
    {
        null => "bios",
        { SecureBoot: false } => "efi",
        _ => throw new DomainException("spec.domain.firmware.bootloader.efi: secure boot is not offered; set secureBoot to false"),
    };

    private static DiskRequest Disk(Disk disk)
    {
        var bus = disk.Cdrom is not null ? disk.Cdrom.Bus ?? "sata" : disk.DiskDevice?.Bus ?? disk.Lun?.Bus ?? "virtio";
        return new DiskRequest(DiskId(disk.Name!), bus, disk.Cdrom is not null, disk.BootOrder, disk.Serial);
    }

    private static NicRequest Nic(Interface card, string vmiUid) => card.Model is null or "" or "virtio" or "e1000e"
        ? new NicRequest(NicId(card.Name!), Mac(card, vmiUid), card.Model == "e1000e" ? "e1000e" : "virtio", card.BootOrder)
        : throw new DomainException($"spec.domain.devices.interfaces[{card.Name}].model: {card.Model} is not offered; use virtio or e1000e");

    private static int Count(long? value) => value is > 0 and <= 512 ? (int)value : 1;
}
