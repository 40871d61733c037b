namespace Godwit.Types;

/// <summary>Defaults of disks, networks and inputs.</summary>
internal static class DeviceDefaults
{
    public static (IReadOnlyList<Volume>? Volumes, IReadOnlyList<Disk>? Disks) Storage(
        IReadOnlyList<Volume>? volumes, DevicesSpec? devices)
    {
        if (volumes is null)
        {
            return (null, devices?.Disks is null ? null : [.. devices.Disks.Select(Disk)]);
        }

        var attached = (devices?.Disks ?? []).Select(disk => disk.Name)
            .Concat((devices?.Filesystems ?? []).Select(filesystem => filesystem.Name))
            .ToHashSet(StringComparer.Ordinal);
        var missing = volumes
            .Where(volume => volume.MemoryDump is null && volume.DownwardMetrics is null && volume.ContainerPath is null)
            .Where(volume => attached.Add(volume.Name))
            .Select(volume => new Disk { Name = volume.Name });
        return ([.. volumes.Select(Volume)], [.. (devices?.Disks ?? []).Concat(missing).Select(Disk)]);
    }

    public static (IReadOnlyList<Network>? Networks, IReadOnlyList<Interface>? Interfaces) Networks(
        IReadOnlyList<Network>? networks, DevicesSpec? devices, ClusterConfiguration cluster)
    {
        var interfaces = devices?.Interfaces;
        if (interfaces is { Count: > 0 } || networks is { Count: > 0 })
        {
            return (networks, interfaces is null ? null : [.. interfaces.Select(card => Interface(card, networks, cluster))]);
        }

        if (devices?.AutoattachPodInterface == false)
        {
            return (networks, interfaces);
        }

        var network = new Network { Name = Defaults.NetworkName, Pod = new PodNetwork() };
        return ([network], [Interface(new Interface { Name = network.Name }, [network], cluster)]);
    }

    public static InputSpec Input(InputSpec input) => input with
    {
        Bus = Defaults.NonEmpty(input.Bus) ?? "usb",
        Type = Defaults.NonEmpty(input.Type) ?? "tablet",
    };

    public static FirmwareSpec Firmware(FirmwareSpec? firmware)
    {
        firmware ??= new FirmwareSpec();
        return firmware.KernelBoot?.Container is { Image: { } image, ImagePullPolicy: null or "" } container
            ? firmware with
            {
                KernelBoot = firmware.KernelBoot with
                {
                    Container = container with { ImagePullPolicy = PullPolicy(image) },
                },
            }
            : firmware;
    }

    private static Interface Interface(Interface card, IReadOnlyList<Network>? networks, ClusterConfiguration cluster)
    {
        card = card with { Model = Defaults.NonEmpty(card.Model) ?? "virtio" };
        var onPod = networks?.Any(network => network.Name == card.Name && network.Pod is not null) == true;
        if (!onPod || NetworkValidation.Bindings(card).Count > 0)
        {
            return card;
        }

        return cluster.DefaultNetworkInterface == "masquerade"
            ? card with { Masquerade = new EmptyObject() }
            : card with { Bridge = new EmptyObject() };
    }

    private static Disk Disk(Disk disk)
    {
        if (disk.Cdrom is { } cdrom)
        {
            return disk with
            {
                Cdrom = cdrom with
                {
                    Bus = Defaults.NonEmpty(cdrom.Bus) ?? "sata",
                    Readonly = cdrom.Readonly ?? true,
                    Tray = Defaults.NonEmpty(cdrom.Tray) ?? "closed",
                },
            };
        }

        if (disk.Lun is { } lun)
        {
            return disk with { Lun = lun with { Bus = Defaults.NonEmpty(lun.Bus) ?? "scsi" } };
        }

        var target = disk.DiskDevice ?? new DiskTarget();
        return disk with { DiskDevice = target with { Bus = Defaults.NonEmpty(target.Bus) ?? "virtio" } };
    }

    private static Volume Volume(Volume volume) =>
        volume.ContainerDisk is { Image: { } image, ImagePullPolicy: null or "" } disk
            ? volume with { ContainerDisk = disk with { ImagePullPolicy = PullPolicy(image) } }
            : volume;

    /// <summary>Images that move under a fixed name are looked for each time.</summary>
    private static string PullPolicy(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal))
        {
            return "IfNotPresent";
        }

        var name = image[(image.LastIndexOf('/') + 1)..];
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || name[(colon + 1)..] == "latest" ? "Always" : "IfNotPresent";
    }
}
