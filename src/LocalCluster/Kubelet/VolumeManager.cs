using Godwit.LocalCluster.Images;
using Godwit.LocalCluster.Network;
using Godwit.LocalCluster.Objects;
using Godwit.Machinery;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Makes a pod's volumes ready below its folder, and takes them away.</summary>
public sealed class VolumeManager(ApiClient api, HostTools tools, ImageStore images, KubeletOptions options, KubeletPaths paths, TimeProvider time)
{
    private const UnixFileMode Everybody = (UnixFileMode)0x1FF; // 0777: as emptyDirs are.
    private readonly HostMounts _mounts = new(tools);
    private readonly VolumeFiles _files = new(api, options);

    /// <summary>Makes all volumes ready; repeating it changes nothing but the files of changed API objects.</summary>
    /// <exception cref="VolumeException">One cannot be made ready now.</exception>
    public async Task<IReadOnlyDictionary<string, MountedVolume>> SetUpAsync(Pod pod, string? podIp, CancellationToken cancellation)
    {
        var result = new Dictionary<string, MountedVolume>(StringComparer.Ordinal);
        foreach (var volume in pod.Spec.Volumes ?? [])
        {
            try
            {
                result[volume.Name] = await SetUpAsync(pod, volume, podIp, cancellation);
            }
            catch (Exception e) when (e is VolumeException or HostToolException or IOException or UnauthorizedAccessException or PodConfigException or ApiException)
            {
                throw new VolumeException($"MountVolume.SetUp failed for volume \"{volume.Name}\" : {e.Message}");
            }
        }
        return result;
    }

    /// <summary>True when a pod has volumes whose content may change while it runs.</summary>
    public static bool HasChangingFiles(Pod pod) =>
        pod.Spec.Volumes?.Exists(v => v.ConfigMap is not null || v.Secret is not null || v.DownwardApi is not null || v.Projected is not null) == true;

    /// <summary>Unmounts what was mounted for the pod; its files stay until <see cref="Remove"/>.</summary>
    public Task TearDownAsync(string podUid, CancellationToken cancellation) => _mounts.UnmountBelowAsync(paths.Pod(podUid), cancellation);

    /// <summary>Removes the pod's folder. Only after its mounts are gone: what is mounted does not belong to the pod.</summary>
    public void Remove(string podUid)
    {
        var folder = paths.Pod(podUid);
        if (HostMounts.Below(folder).Count > 0)
        {
            throw new VolumeException($"{folder} still has mounts");
        }
        StateFile.DeleteFolder(folder);
    }

    private async Task<MountedVolume> SetUpAsync(Pod pod, Volume volume, string? podIp, CancellationToken cancellation)
    {
        switch (volume)
        {
            case { EmptyDir: { } source }:
                return await EmptyDirAsync(pod, volume.Name, source, cancellation);
            case { HostPath: { } source }:
                source = source with { Path = paths.OnNode(source.Path) };
                HostPath(source);
                return new(source.Path);
            case { Image: { } source }:
                return await ImageAsync(pod, volume.Name, source, cancellation);
            case { PersistentVolumeClaim: { } source }:
                return await ClaimAsync(pod, source, cancellation);
        }
        var files = await _files.GatherAsync(pod, volume, podIp, cancellation)
            ?? throw new VolumeException("its kind is not supported by this cluster");
        var plugin = volume switch { { ConfigMap: not null } => "configmap", { Secret: not null } => "secret", { Projected: not null } => "projected", _ => "downward-api" };
        var folder = paths.Volume(pod.Metadata.Uid, plugin, volume.Name);
        AtomicFolder.Write(folder, files, time.GetUtcNow());
        await OwnAsync(pod, folder, cancellation);
        return new(folder, ReadOnly: true);
    }

    private async Task<MountedVolume> EmptyDirAsync(Pod pod, string name, EmptyDirSource source, CancellationToken cancellation)
    {
        var folder = paths.Volume(pod.Metadata.Uid, "empty-dir", name);
        var isNew = !Directory.Exists(folder);
        if (source.Medium == "Memory")
        {
            await _mounts.TmpfsAsync(folder, Amounts.Units(source.SizeLimit), cancellation);
        }
        Directory.CreateDirectory(folder);
        if (isNew)
        {
            File.SetUnixFileMode(folder, Everybody);
            await OwnAsync(pod, folder, cancellation);
        }
        return new(folder);
    }

    private async Task<MountedVolume> ImageAsync(Pod pod, string name, ImageSource source, CancellationToken cancellation)
    {
        var image = images.Find(source.Reference)
            ?? throw new VolumeException($"image {source.Reference} is not in the store");
        if (image.Kind != ImageRecord.RootfsKind)
        {
            throw new VolumeException($"image {source.Reference} stands for the machine's own programs and cannot be a volume");
        }
        var folder = paths.Volume(pod.Metadata.Uid, "image", name);
        await _mounts.BindReadOnlyAsync(images.RootOf(image), folder, cancellation);
        return new(folder, ReadOnly: true);
    }

    private async Task<MountedVolume> ClaimAsync(Pod pod, ClaimSource source, CancellationToken cancellation)
    {
        var claim = await api.TryGetAsync(NodeKinds.Claim, new(pod.Metadata.Namespace!, source.ClaimName), ObjectsJson.Default.PersistentVolumeClaim, cancellation)
            ?? throw new VolumeException($"persistentvolumeclaim \"{source.ClaimName}\" not found");
        if (claim.Metadata.DeletionTimestamp is not null)
        {
            throw new VolumeException($"persistentvolumeclaim \"{source.ClaimName}\" is being deleted");
        }
        if (claim.Status.Phase != "Bound" || claim.Spec.VolumeName is not { Length: > 0 } volumeName)
        {
            throw new VolumeException($"persistentvolumeclaim \"{source.ClaimName}\" is not bound yet");
        }
        var volume = await api.TryGetAsync(NodeKinds.Volume, NamespacedName.Cluster(volumeName), ObjectsJson.Default.PersistentVolume, cancellation)
            ?? throw new VolumeException($"persistentvolume \"{volumeName}\" not found");
        if (volume.Spec.VolumeMode == "Block")
        {
            // As with a real kubelet, a hostPath cannot be a block device.
            return volume.Spec.Local is { } device
                ? new(device.Path, source.ReadOnly == true, IsBlock: true)
                : throw new VolumeException($"persistentvolume \"{volumeName}\" has volumeMode Block, which only volumes of kind local can have");
        }
        var path = (volume.Spec.HostPath ?? volume.Spec.Local)?.Path
            ?? throw new VolumeException($"persistentvolume \"{volumeName}\" is neither of kind local nor hostPath");
        if (!Directory.Exists(path))
        {
            throw new VolumeException($"the folder {path} of persistentvolume \"{volumeName}\" does not exist");
        }
        await OwnAsync(pod, path, cancellation);
        return new(path, source.ReadOnly == true);
    }

    private static void HostPath(HostPathSource source)
    {
        var (isThere, kind) = source.Type switch
        {
            "Directory" => (Directory.Exists(source.Path), "directory"),
            "File" => (File.Exists(source.Path), "file"),
            "Socket" or "CharDevice" or "BlockDevice" => (File.Exists(source.Path), source.Type),
            _ => (true, ""),
        };
        if (!isThere)
        {
            throw new VolumeException($"hostPath type check failed: {source.Path} is not a {kind}");
        }
        if (source.Type == "FileOrCreate" && !File.Exists(source.Path))
        {
            File.WriteAllBytes(source.Path, []);
        }
        else if (source.Type is "DirectoryOrCreate" or null or "" && !Path.Exists(source.Path))
        {
            Directory.CreateDirectory(source.Path);
        }
    }

    private async Task OwnAsync(Pod pod, string folder, CancellationToken cancellation)
    {
        if (pod.Spec.SecurityContext?.FsGroup is { } group)
        {
            await tools.RunAsync("chgrp", ["-R", "-h", $"{group}", folder], cancellation);
            await tools.RunAsync("chmod", ["-R", "g+rwX", folder], cancellation);
            await tools.RunAsync("chmod", ["g+s", folder], cancellation);
        }
    }
}
