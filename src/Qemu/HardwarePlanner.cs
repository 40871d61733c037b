using System.Globalization;

namespace Godwit.Qemu;

/// <summary>
/// Lays out a new guest's hardware: every PCI device gets its own root port, and the ports get fixed addresses, so that
/// nothing depends on the order of a command line. Used at first boot only; later sides are built from the record.
/// </summary>
public static class HardwarePlanner
{
    /// <summary>Empty ports kept for devices that are plugged in later.</summary>
    public const int SparePorts = 4;

    /// <summary>The id of the agent channel's port; <c>VSERPORT_CHANGE</c> names it.</summary>
    public const string AgentPortId = "agent0";

    private const string AgentControllerId = "virtserial0";
    private const int FirstPortSlot = 2;
    private const int FunctionsPerSlot = 8;
    private const int MostPorts = 26 * FunctionsPerSlot;

    public static HardwareDefinition Plan(HardwareRequest request)
    {
        var devices = new List<HardwareDevice>();
        var placed = new List<HardwareDevice>();
        var scsi = 0;
        var sata = 0;
        foreach (var nic in request.Nics)
        {
            placed.Add(Nic(nic));
        }

        foreach (var disk in request.Disks)
        {
            switch (disk.Bus)
            {
                case "virtio":
                    placed.Add(Disk(disk, DeviceKinds.VirtioBlk, null, []));
                    break;
                case "scsi":
                    devices.Add(Disk(
                        disk, disk.Cdrom ? DeviceKinds.ScsiCdrom : DeviceKinds.ScsiDisk, "scsi0.0",
                        [("channel", "0"), ("scsi-id", "0"), ("lun", Text(scsi++))]));
                    break;
                case "sata":
                    devices.Add(Disk(
                        disk, disk.Cdrom ? DeviceKinds.SataCdrom : DeviceKinds.SataDisk, $"ide.{sata++}", []));
                    break;
                default:
                    throw new ArgumentException($"disk {disk.Id}: bus '{disk.Bus}' is not one of virtio, sata, scsi", nameof(request));
            }
        }

        if (sata > 6)
        {
            throw new ArgumentException($"{sata} sata disks, but the machine has 6 sata ports", nameof(request));
        }

        if (scsi > 0)
        {
            placed.Add(new HardwareDevice { Id = "scsi0", Kind = DeviceKinds.VirtioScsi });
        }

        placed.Add(new HardwareDevice
        {
            Id = "balloon0",
            Kind = DeviceKinds.VirtioBalloon,
            // Pages that the guest has freed are then known to be free and need not travel.
            Properties = Properties([("free-page-reporting", "on"), ("deflate-on-oom", "on")]),
        });
        if (request.Rng)
        {
            placed.Add(new HardwareDevice { Id = "rng0", Kind = DeviceKinds.VirtioRng });
        }

        if (request.AgentChannel)
        {
            // Last of all, so that it moves no device of a guest that was recorded without it.
            placed.Add(new HardwareDevice { Id = AgentControllerId, Kind = DeviceKinds.VirtioSerial });
            devices.Add(new HardwareDevice
            {
                Id = AgentPortId,
                Kind = DeviceKinds.VirtSerialPort,
                Bus = $"{AgentControllerId}.0",
                Properties = Properties([("name", "org.qemu.guest_agent.0"), ("nr", "1")]),
            });
        }

        var result = Ports(placed.Count + SparePorts);
        // A controller must come before the disks on it, and every port before the device in it.
        result.AddRange(placed.Select((d, i) => d with { Bus = PortId(i), Addr = "0x0" }));
        result.AddRange(devices);
        if (request.Serial)
        {
            result.Add(new HardwareDevice
            {
                Id = "serial0",
                Kind = DeviceKinds.IsaSerial,
                Properties = Properties([("index", "0")]),
            });
        }

        if (request.Graphics)
        {
            result.Add(new HardwareDevice
            {
                Id = "video0",
                Kind = DeviceKinds.Vga,
                Bus = "pcie.0",
                Addr = "0x1",
                Properties = Properties([("vgamem_mb", "16")]),
            });
        }

        return new HardwareDefinition
        {
            MachineType = request.MachineType,
            CpuModel = request.CpuModel,
            CpuFeatures = [.. request.CpuFeatures],
            MemoryBytes = request.MemoryBytes,
            Vcpus = request.Vcpus,
            Uuid = request.Uuid,
            Firmware = request.Firmware,
            Accelerator = request.Accelerator,
            Devices = [.. result],
        };
    }

    private static List<HardwareDevice> Ports(int count)
    {
        if (count > MostPorts)
        {
            throw new ArgumentException($"{count} devices do not fit into the machine's {MostPorts} ports", nameof(count));
        }

        var ports = new List<HardwareDevice>(count);
        for (var i = 0; i < count; i++)
        {
            var slot = FirstPortSlot + (i / FunctionsPerSlot);
            var function = i % FunctionsPerSlot;
            (string, string)[] multi = function == 0 ? [("multifunction", "on")] : [];
            ports.Add(new HardwareDevice
            {
                Id = PortId(i),
                Kind = DeviceKinds.RootPort,
                Bus = "pcie.0",
                Addr = string.Create(CultureInfo.InvariantCulture, $"0x{slot:x}.0x{function:x}"),
                Properties = Properties([("chassis", Text(i + 1)), ("port", string.Create(CultureInfo.InvariantCulture, $"0x{0x10 + i:x}")), .. multi]),
            });
        }

        return ports;
    }

    private static HardwareDevice Nic(NicRequest nic) => new()
    {
        Id = nic.Id,
        Kind = nic.Model == "e1000e" ? DeviceKinds.E1000E : DeviceKinds.VirtioNet,
        // No boot ROM: its size would have to be equal on both sides, and it slows the boot.
        Properties = Properties([("mac", nic.Mac), ("romfile", ""), .. BootIndex(nic.BootOrder)]),
    };

    private static HardwareDevice Disk(DiskRequest disk, string kind, string? bus, (string, string)[] more) => new()
    {
        Id = disk.Id,
        Kind = kind,
        Bus = bus,
        Properties = Properties(
        [
            .. more,
            .. disk.Serial is { Length: > 0 } serial ? [("serial", serial)] : Array.Empty<(string, string)>(),
            .. BootIndex(disk.BootOrder),
        ]),
    };

    private static (string, string)[] BootIndex(int? order) => order is { } index ? [("bootindex", Text(index))] : [];

    private static SortedDictionary<string, string> Properties((string Key, string Value)[] pairs)
    {
        var properties = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in pairs)
        {
            properties[key] = value;
        }

        return properties;
    }

    private static string PortId(int index) => string.Create(CultureInfo.InvariantCulture, $"port{index}");

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
