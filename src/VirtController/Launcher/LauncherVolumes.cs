using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>The pod's volumes: its own folder, images with disks and kernels, claims and host folders.</summary>
public static class LauncherVolumes
{
    /// <summary>The pod's volumes; where images come by sidecars, what these share instead of them.</summary>
    public static IReadOnlyList<PodVolume> Volumes(VirtualMachineInstanceSpec spec, LauncherStorage storage) =>
        storage.ContainerDisks == ContainerDiskMethod.Sidecar && Images(spec).Count > 0
            ? [.. Mounted(spec, storage), new PodVolume { Name = Launcher.ContainerDisksVolume, EmptyDir = new EmptyDirSource() }]
            : Mounted(spec, storage);

    /// <summary>What of them the launcher itself has as folders.</summary>
    public static IReadOnlyList<VolumeMount> Mounts(VirtualMachineInstanceSpec spec, LauncherStorage storage) =>
        [.. Mounted(spec, storage).Where(volume => !IsBlock(volume, storage)).Select(Mount)];

    /// <summary>What of them it has as block devices; null when there is none.</summary>
    public static IReadOnlyList<VolumeDevice>? Devices(VirtualMachineInstanceSpec spec, LauncherStorage storage)
    {
        var devices = Mounted(spec, storage).Where(volume => IsBlock(volume, storage))
            .Select(volume => new VolumeDevice { Name = volume.Name, DevicePath = $"{Launcher.DevicesPath}/{volume.Name}" }).ToList();
        return devices.Count == 0 ? null : devices;
    }

    /// <summary>The images that hold the guest's disks and kernel, as volumes.</summary>
    public static IReadOnlyList<PodVolume> Images(VirtualMachineInstanceSpec spec) => [.. All(spec).Where(volume => volume.Image is not null)];

    private static bool IsBlock(PodVolume volume, LauncherStorage storage) =>
        volume.PersistentVolumeClaim?.ClaimName is { } claim && storage.BlockClaims.Contains(claim);

    private static List<PodVolume> Mounted(VirtualMachineInstanceSpec spec, LauncherStorage storage) =>
        [.. All(spec).Where(volume => volume.Image is null || storage.ContainerDisks == ContainerDiskMethod.ImageVolume)];

    private static List<PodVolume> All(VirtualMachineInstanceSpec spec) =>
    [
        new PodVolume { Name = Launcher.FolderVolume, EmptyDir = new EmptyDirSource() },
        .. KernelBoot(spec) is { } boot
            ? (PodVolume[])[ImageVolume(Launcher.KernelBootVolume, boot.Image, boot.ImagePullPolicy)]
            : [],
        .. (spec.Volumes ?? []).Select(Volume).OfType<PodVolume>(),
    ];

    private static KernelBootContainer? KernelBoot(VirtualMachineInstanceSpec spec) =>
        spec.Domain?.Firmware?.KernelBoot?.Container is { Image: { Length: > 0 } } container ? container : null;

    private static PodVolume? Volume(Volume volume)
    {
        if (volume.ContainerDisk is { } disk)
        {
            return ImageVolume(volume.Name, disk.Image, disk.ImagePullPolicy);
        }

        var claim = volume.PersistentVolumeClaim?.ClaimName
            ?? volume.DataVolume?.Name
            ?? volume.Ephemeral?.PersistentVolumeClaim?.ClaimName;
        if (claim is not null)
        {
            var readOnly = volume.Ephemeral is not null || volume.PersistentVolumeClaim?.ReadOnly == true;
            return new PodVolume
            {
                Name = volume.Name,
                PersistentVolumeClaim = new ClaimSource { ClaimName = claim, ReadOnly = readOnly ? true : null },
            };
        }

        return volume.HostDisk is { Path: { Length: > 0 } path } host
            ? new PodVolume
            {
                Name = volume.Name,
                HostPath = new HostPathSource
                {
                    Path = Path.GetDirectoryName(path),
                    Type = host.Type == "DiskOrCreate" ? "DirectoryOrCreate" : "Directory",
                },
            }
            : null;
    }

    private static PodVolume ImageVolume(string? name, string? image, string? policy) => new()
    {
        Name = name,
        Image = new ImageSource { Reference = image, PullPolicy = string.IsNullOrEmpty(policy) ? null : policy },
    };

    private static VolumeMount Mount(PodVolume volume) => volume switch
    {
        { EmptyDir: not null } => new VolumeMount { Name = volume.Name, MountPath = Launcher.FolderPath },
        { Image: not null } => new VolumeMount
        {
            Name = volume.Name,
            MountPath = $"{Launcher.ImagesPath}/{volume.Name}",
            ReadOnly = true,
        },
        _ => new VolumeMount
        {
            Name = volume.Name,
            MountPath = $"{Launcher.VolumesPath}/{volume.Name}",
            ReadOnly = volume.PersistentVolumeClaim?.ReadOnly,
        },
    };
}
