using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Disks;
using Godwit.VirtHandler.Network;

namespace Godwit.VirtHandler.Boot;

/// <summary>Connects a guest's hardware to its pod: images, tap, kernel. Pure.</summary>
public static class BindingsBuilder
{
    public static BackendBindings Build(VirtualMachineInstance vmi, IReadOnlyList<DiskImage> disks, FirmwareBinding? firmware, bool incoming)
    {
        var spec = vmi.Spec!;
        var images = disks.ToDictionary(disk => disk.Volume, StringComparer.Ordinal);
        return new BackendBindings
        {
            Name = $"{vmi.Metadata.Namespace}_{vmi.Metadata.Name}",
            Folder = Launcher.FolderPath,
            Disks = (spec.Domain?.Devices?.Disks ?? [])
                .Where(disk => images.ContainsKey(disk.Name!))
                .ToDictionary(disk => HardwareBuilder.DiskId(disk.Name!), disk => Bind(disk, images[disk.Name!]), StringComparer.Ordinal),
            Nics = (spec.Domain?.Devices?.Interfaces ?? [])
                .ToDictionary(card => HardwareBuilder.NicId(card.Name!), _ => new NicBinding { TapName = PodWiring.TapName }, StringComparer.Ordinal),
            Kernel = Kernel(spec.Domain?.Firmware?.KernelBoot),
            Firmware = firmware,
            PreallocateMemory = incoming,
        };
    }

    /// <summary>Where kernel and initrd are as QEMU in the pod sees them; null when the guest boots from a disk.</summary>
    public static KernelBinding? Kernel(KernelBootSpec? boot) => boot?.Container is { } container
        ? new KernelBinding(
            $"{Launcher.ImagesPath}/{Launcher.KernelBootVolume}/{container.KernelPath?.TrimStart('/')}",
            container.InitrdPath is { Length: > 0 } initrd ? $"{Launcher.ImagesPath}/{Launcher.KernelBootVolume}/{initrd.TrimStart('/')}" : null,
            boot.KernelArgs)
        : null;

    private static DiskBinding Bind(Disk disk, DiskImage image) => new()
    {
        NodeName = NodeNames.For(HardwareBuilder.DiskId(disk.Name!)),
        Path = image.Path,
        Format = image.Format,
        ReadOnly = image.ReadOnly,
        // The page caches of two nodes know nothing of each other: what a target reads has to come from the device.
        DirectIo = disk.Cache == "none" || (image is { BlockDevice: true, BackingPath: null } && string.IsNullOrEmpty(disk.Cache)),
        BlockDevice = image is { BlockDevice: true, BackingPath: null },
        Shareable = disk.Shareable == true,
        Shared = image.Shared,
        Backing = image.BackingPath is { } path ? new BackingImage(path, image.BackingFormat!, image.BlockDevice) : null,
    };
}
