using System.Text;
using Godwit.Types;

namespace Godwit.VirtHandler.Disks;

/// <summary>Decides from a VMI which disks are to be laid out, and how. Pure.</summary>
public static class VolumeRequests
{
    private const string SharedAccess = "ReadWriteMany";

    /// <param name="vmi">The VMI.</param>
    /// <param name="facts">The objects that its volumes name.</param>
    /// <param name="withContents">Texts are needed; a migration's target gets them with the disk.</param>
    public static IReadOnlyList<VolumeRequest> For(VirtualMachineInstance vmi, VolumeFacts facts, bool withContents)
    {
        var volumes = (vmi.Spec?.Volumes ?? []).ToDictionary(volume => volume.Name!, StringComparer.Ordinal);
        return
        [
            .. (vmi.Spec?.Domain?.Devices?.Disks ?? []).Select(disk => volumes.TryGetValue(disk.Name!, out var volume)
                ? Request(vmi, disk, volume, facts, withContents)
                : throw new DiskException($"disk {disk.Name} has no volume of that name")),
        ];
    }

    /// <summary>The claim that a volume is on, if it is.</summary>
    public static string? ClaimName(Volume volume) =>
        volume.PersistentVolumeClaim?.ClaimName ?? volume.DataVolume?.Name ?? volume.Ephemeral?.PersistentVolumeClaim?.ClaimName;

    private static VolumeRequest Request(VirtualMachineInstance vmi, Disk disk, Volume volume, VolumeFacts facts, bool withContents)
    {
        var name = volume.Name!;
        var readOnly = disk.Cdrom is { Readonly: not false } || disk.DiskDevice?.Readonly == true || disk.Lun?.Readonly == true;
        if (volume.ContainerDisk is { } container)
        {
            return new VolumeRequest(name, DiskSource.ContainerDisk) { ReadOnly = readOnly, Path = container.Path };
        }

        if (volume.EmptyDisk is { } empty)
        {
            return new VolumeRequest(name, DiskSource.EmptyDisk) { Capacity = Sizes.Whole(empty.Capacity) };
        }

        if (volume.HostDisk is { } host)
        {
            return new VolumeRequest(name, DiskSource.HostDisk)
            {
                Path = Path.GetFileName(host.Path),
                Capacity = Sizes.Whole(host.Capacity),
                MayCreate = host.Type == "DiskOrCreate",
                Shared = host.Shared == true,
                ReadOnly = readOnly,
            };
        }

        if (ClaimName(volume) is { } claim)
        {
            return Claim(name, claim, volume, facts, readOnly);
        }

        // Never read-only to QEMU, though a CD drive is to the guest: a migration fills the target's copy by writing it.
        return new VolumeRequest(name, DiskSource.Iso) { Iso = Iso(vmi, volume, facts, withContents) };
    }

    private static VolumeRequest Claim(string name, string claimName, Volume volume, VolumeFacts facts, bool readOnly)
    {
        if (!facts.Claims.TryGetValue(claimName, out var claim))
        {
            throw new DiskException($"volume {name}: there is no PersistentVolumeClaim {claimName} in this namespace");
        }

        var modes = claim.Status?.AccessModes ?? claim.Spec?.AccessModes ?? [];
        return new VolumeRequest(name, volume.Ephemeral is null ? DiskSource.Claim : DiskSource.ClaimLayer)
        {
            Capacity = Sizes.Whole(claim.Status?.Capacity?.GetValueOrDefault("storage") ?? claim.Spec?.Resources?.Requests?.GetValueOrDefault("storage")),
            MayCreate = true,
            BlockDevice = claim.Spec?.VolumeMode == VolumeModes.Block,
            Shared = modes.Contains(SharedAccess),
            ReadOnly = readOnly || volume.PersistentVolumeClaim?.ReadOnly == true,
        };
    }

    private static IsoContent? Iso(VirtualMachineInstance vmi, Volume volume, VolumeFacts facts, bool withContents)
    {
        if ((volume.CloudInitNoCloud ?? volume.CloudInitConfigDrive) is not { } cloud)
        {
            return (volume.ConfigMap, volume.Secret) switch
            {
                ({ } map, _) => withContents ? ConfigMapFiles(volume.Name!, map, facts) : null,
                (_, { } secret) => withContents ? SecretFiles(volume.Name!, secret, facts) : null,
                _ => throw new DiskException($"volume {volume.Name} is of a kind that cannot be a disk; containerDisk, emptyDisk, hostDisk, persistentVolumeClaim, dataVolume, ephemeral, cloudInit*, configMap and secret can"),
            };
        }

        if (!withContents)
        {
            return null;
        }

        var user = Text(volume.Name!, cloud.UserData, cloud.UserDataBase64, cloud.SecretRef?.Name, facts, "userdata", "userData");
        var network = Text(volume.Name!, cloud.NetworkData, cloud.NetworkDataBase64, cloud.NetworkDataSecretRef?.Name, facts, "networkdata", "networkData");
        var hostname = Names.ToHostname(vmi.Spec?.Hostname ?? vmi.Metadata.Name!);
        var instance = $"{vmi.Metadata.Name}.{vmi.Metadata.Namespace}";
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        if (volume.CloudInitNoCloud is not null)
        {
            files["user-data"] = user ?? [];
            files["meta-data"] = Encoding.UTF8.GetBytes($"instance-id: {instance}\nlocal-hostname: {hostname}\n");
            Add("network-config", network);
            return new IsoContent("cidata", files);
        }

        files["openstack/latest/meta_data.json"] = Encoding.UTF8.GetBytes($"{{\"uuid\":\"{vmi.Metadata.Uid}\",\"instance_id\":\"{instance}\",\"hostname\":\"{hostname}\"}}\n");
        Add("openstack/latest/user_data", user);
        Add("openstack/latest/network_data.json", network);
        return new IsoContent("config-2", files);

        void Add(string name, byte[]? bytes)
        {
            if (bytes is not null)
            {
                files[name] = bytes;
            }
        }
    }

    private static byte[]? Text(string volume, string? plain, string? base64, string? secret, VolumeFacts facts, params IReadOnlyList<string> keys)
    {
        try
        {
            if (plain is not null)
            {
                return Encoding.UTF8.GetBytes(plain);
            }

            if (base64 is not null)
            {
                return Convert.FromBase64String(base64);
            }

            if (secret is null)
            {
                return null;
            }

            var data = Find(facts.Secrets, secret, volume, "Secret").Data;
            return keys.Select(key => data?.GetValueOrDefault(key)).OfType<string>().FirstOrDefault() is { } value
                ? Convert.FromBase64String(value)
                : throw new DiskException($"volume {volume}: Secret {secret} has no key {keys[0]}");
        }
        catch (FormatException e)
        {
            throw new DiskException($"volume {volume}: cloud-init data is not valid base64", e);
        }
    }

    private static IsoContent ConfigMapFiles(string volume, ConfigMapVolume source, VolumeFacts facts)
    {
        if (source.Optional == true && !facts.ConfigMaps.ContainsKey(source.Name!))
        {
            return new IsoContent(source.VolumeLabel ?? "cfgdata", new Dictionary<string, byte[]>());
        }

        var map = Find(facts.ConfigMaps, source.Name!, volume, "ConfigMap");
        var files = (map.Data ?? new Dictionary<string, string>()).ToDictionary(pair => pair.Key, pair => Encoding.UTF8.GetBytes(pair.Value), StringComparer.Ordinal);
        foreach (var (key, value) in map.BinaryData ?? new Dictionary<string, string>())
        {
            files[key] = Convert.FromBase64String(value);
        }

        return new IsoContent(source.VolumeLabel ?? "cfgdata", files);
    }

    private static IsoContent SecretFiles(string volume, SecretVolume source, VolumeFacts facts)
    {
        if (source.Optional == true && !facts.Secrets.ContainsKey(source.SecretName!))
        {
            return new IsoContent(source.VolumeLabel ?? "cfgdata", new Dictionary<string, byte[]>());
        }

        var secret = Find(facts.Secrets, source.SecretName!, volume, "Secret");
        return new IsoContent(
            source.VolumeLabel ?? "cfgdata",
            (secret.Data ?? new Dictionary<string, string>()).ToDictionary(pair => pair.Key, pair => Convert.FromBase64String(pair.Value), StringComparer.Ordinal));
    }

    private static T Find<T>(IReadOnlyDictionary<string, T> items, string name, string volume, string kind) =>
        items.TryGetValue(name, out var item) ? item : throw new DiskException($"volume {volume}: there is no {kind} \"{name}\" in the VMI's namespace; create it");
}
