namespace Godwit.Qemu;

/// <summary>
/// Says in words how two definitions differ. QEMU accepts a stream into a machine with swapped disks, another MAC or
/// another CPU model and then runs, or silently kills, the guest: this is the check that it lacks.
/// </summary>
public static class HardwareComparison
{
    /// <summary>The differences, empty when a guest of <paramref name="source"/> can go on in <paramref name="target"/>.</summary>
    public static IReadOnlyList<string> Compare(HardwareDefinition source, HardwareDefinition target)
    {
        var differences = new List<string>();
        Note("machine type", source.MachineType, target.MachineType);
        Note("CPU model", source.CpuModel, target.CpuModel);
        Note("CPU features", Join(source.CpuFeatures), Join(target.CpuFeatures));
        Note("memory", $"{source.MemoryBytes} bytes", $"{target.MemoryBytes} bytes");
        Note("CPU topology (sockets/cores/threads)", Text(source.Vcpus), Text(target.Vcpus));
        Note("UUID", source.Uuid.ToUpperInvariant(), target.Uuid.ToUpperInvariant());
        Note("firmware", source.Firmware, target.Firmware);
        Note("accelerator", source.Accelerator, target.Accelerator);

        var there = target.Devices.ToLookup(d => d.Id);
        foreach (var device in source.Devices)
        {
            if (there[device.Id].FirstOrDefault() is { } other)
            {
                CompareDevices(device, other, Note);
            }
            else
            {
                differences.Add($"device {device.Id} ({device.Kind}) is missing at the target");
            }
        }

        var here = source.Devices.Select(d => d.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var device in target.Devices)
        {
            if (!here.Contains(device.Id))
            {
                differences.Add($"device {device.Id} ({device.Kind}) exists only at the target");
            }
        }

        return differences;

        void Note(string what, string? a, string? b)
        {
            if (!string.Equals(a, b, StringComparison.Ordinal))
            {
                differences.Add($"{what} is {a ?? "not given"} at the source and {b ?? "not given"} at the target");
            }
        }
    }

    private static void CompareDevices(HardwareDevice a, HardwareDevice b, Action<string, string?, string?> note)
    {
        note($"kind of device {a.Id}", a.Kind, b.Kind);
        note($"bus of device {a.Id}", a.Bus, b.Bus);
        note($"address of device {a.Id}", a.Addr, b.Addr);
        foreach (var name in a.Properties.Keys.Union(b.Properties.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            note($"{name} of device {a.Id}", a.Properties.GetValueOrDefault(name), b.Properties.GetValueOrDefault(name));
        }
    }

    private static string Join(string[] features) => features.Length == 0 ? "none" : string.Join(',', features.Order(StringComparer.Ordinal));

    private static string Text(CpuTopology topology) => $"{topology.Sockets}/{topology.Cores}/{topology.Threads}";
}
