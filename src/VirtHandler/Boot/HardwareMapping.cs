using Godwit.Qemu;
using Godwit.Types;

namespace Godwit.VirtHandler.Boot;

/// <summary>The recorded hardware, as the API and as Qemu know it.</summary>
public static class HardwareMapping
{
    public static HardwareRecord ToRecord(HardwareDefinition hardware) => new()
    {
        MachineType = hardware.MachineType,
        CpuModel = hardware.CpuModel,
        CpuFeatures = hardware.CpuFeatures.Length == 0 ? null : hardware.CpuFeatures,
        Uuid = hardware.Uuid,
        MemoryBytes = hardware.MemoryBytes,
        Vcpus = new Types.CpuTopology { Sockets = hardware.Vcpus.Sockets, Cores = hardware.Vcpus.Cores, Threads = hardware.Vcpus.Threads },
        Firmware = hardware.Firmware,
        Accelerator = hardware.Accelerator,
        Devices =
        [
            .. hardware.Devices.Select(device => new Types.HardwareDevice
            {
                Id = device.Id,
                Kind = device.Kind,
                Bus = device.Bus,
                Addr = device.Addr,
                Properties = device.Properties.Count == 0 ? null : device.Properties,
            }),
        ],
    };

    public static HardwareDefinition FromRecord(HardwareRecord record) => new()
    {
        MachineType = Need(record.MachineType, "machineType"),
        CpuModel = Need(record.CpuModel, "cpuModel"),
        CpuFeatures = [.. record.CpuFeatures ?? []],
        Uuid = Need(record.Uuid, "uuid"),
        MemoryBytes = record.MemoryBytes ?? throw Missing("memoryBytes"),
        Vcpus = new Qemu.CpuTopology((int)(record.Vcpus?.Sockets ?? 1), (int)(record.Vcpus?.Cores ?? 1), (int)(record.Vcpus?.Threads ?? 1)),
        Firmware = record.Firmware ?? "bios",
        Accelerator = Need(record.Accelerator, "accelerator"),
        Devices =
        [
            .. (record.Devices ?? []).Select(device => new Qemu.HardwareDevice
            {
                Id = Need(device.Id, "devices.id"),
                Kind = Need(device.Kind, "devices.kind"),
                Bus = device.Bus,
                Addr = device.Addr,
                Properties = new SortedDictionary<string, string>(
                    (device.Properties ?? new Dictionary<string, string>()).ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal),
            }),
        ],
    };

    private static string Need(string? value, string field) => string.IsNullOrEmpty(value) ? throw Missing(field) : value;

    private static DomainException Missing(string field) => new($"status.hardware.{field} is missing: the record of the guest's hardware is damaged");
}
