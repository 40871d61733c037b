using System.Text.RegularExpressions;

namespace Godwit.Types;

/// <summary>Rules for disks, which attach volumes to the guest.</summary>
internal static partial class DiskValidation
{
    private const int MaxDisks = 256;
    private const int MaxSerial = 256;

    public static void Disks(VirtualMachineInstanceSpec spec, Errors errors)
    {
        const string List = "spec.domain.devices.disks";
        var disks = spec.Domain?.Devices?.Disks ?? [];
        if (disks.Count > MaxDisks)
        {
            errors.Add(List, $"{List} list exceeds the {MaxDisks} element limit in length", "Remove some.");
            return;
        }

        errors.UniqueNames(List, disks.Select(disk => disk.Name));
        var volumes = (spec.Volumes ?? []).Select(volume => volume.Name).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < disks.Count; i++)
        {
            var path = $"{List}[{i}]";
            if (!string.IsNullOrEmpty(disks[i].Name) && !volumes.Contains(disks[i].Name))
            {
                errors.Add(
                    $"{path}.name",
                    $"{path}.Name '{disks[i].Name}' not found.",
                    "Add a volume of this name to spec.volumes, or remove the disk.");
            }

            Disk(path, disks[i], errors);
        }

        for (var i = 0; i < (spec.Domain?.Devices?.Filesystems?.Count ?? 0); i++)
        {
            var name = spec.Domain!.Devices!.Filesystems![i].Name;
            if (!volumes.Contains(name))
            {
                errors.Add($"spec.domain.devices.filesystems[{i}].name", $"spec.domain.devices.filesystems[{i}].name '{name}' not found.", "Add a volume of this name to spec.volumes.");
            }
        }
    }

    private static void Disk(string path, Disk disk, Errors errors)
    {
        var targets = (disk.DiskDevice is null ? 0 : 1) + (disk.Lun is null ? 0 : 1) + (disk.Cdrom is null ? 0 : 1);
        if (targets > 1)
        {
            errors.Add(path, $"{path} must have only one device type set", "Keep one of disk, lun and cdrom.");
        }

        errors.OneOf($"{path}.disk.bus", disk.DiskDevice?.Bus, "virtio", "sata", "scsi", "usb");
        errors.OneOf($"{path}.lun.bus", disk.Lun?.Bus, "virtio", "sata", "scsi");
        if (disk.Cdrom?.Bus == "virtio")
        {
            errors.Add($"{path}.cdrom.bus", "Bus type virtio is invalid for CD-ROM device", "Use sata, scsi or usb.", FieldError.NotSupported);
        }
        else
        {
            errors.OneOf($"{path}.cdrom.bus", disk.Cdrom?.Bus, "sata", "scsi", "usb");
        }

        errors.OneOf($"{path}.cdrom.tray", disk.Cdrom?.Tray, "open", "closed");
        errors.OneOf($"{path}.cache", disk.Cache, "none", "writethrough", "writeback");
        errors.OneOf($"{path}.io", disk.Io, "native", "threads", "default");
        errors.OneOf($"{path}.errorPolicy", disk.ErrorPolicy, "stop", "ignore", "report", "enospace");
        if (disk.Io == "native" && disk.Cache is "writethrough" or "writeback")
        {
            errors.Add($"{path}.io", "io 'native' needs cache 'none'", "Change one of them.");
        }

        PciAddress($"{path}.disk.pciAddress", disk.DiskDevice?.PciAddress, errors);
        if (disk.DiskDevice is { PciAddress: { Length: > 0 }, Bus: not (null or "" or "virtio") })
        {
            errors.Add($"{path}.disk.pciAddress", "setting a PCI address is not possible with bus type " + disk.DiskDevice.Bus, "Use bus virtio, or remove the address.");
        }

        if (disk.Serial is { Length: > 0 } serial)
        {
            if (serial.Length > MaxSerial)
            {
                errors.Add($"{path}.serial", $"{path}.serial must be less than or equal to {MaxSerial} in length", "Shorten it.");
            }

            if (!Serial().IsMatch(serial))
            {
                errors.Add($"{path}.serial", $"{path}.serial must be made up of the following characters [A-Za-z0-9_.+-]", "Remove the others.");
            }
        }
    }

    public static void PciAddress(string path, string? address, Errors errors)
    {
        if (!string.IsNullOrEmpty(address) && !PciPattern().IsMatch(address))
        {
            errors.Add(path, $"'{address}' is not a PCI address", "Write it as 0000:81:01.0.");
        }
    }

    [GeneratedRegex("^[A-Za-z0-9_.+-]+$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Serial();

    [GeneratedRegex("^[0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-1][0-9a-fA-F]\\.[0-7]$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex PciPattern();
}
