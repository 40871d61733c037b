using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Host;

namespace Godwit.VirtHandler.Disks;

/// <summary>
/// Lays out a pod's disks. A file that is there already is kept: it was made by an earlier run of this agent. Files are
/// made under another name and renamed, so a half-made one is never taken for a disk.
/// </summary>
public sealed class DiskPreparer(IHostTools tools)
{
    private const long MiB = 1 << 20;

    /// <summary>A claim may have less room than it says (the file system's own needs), up to a tenth.</summary>
    private const double LeastPart = 0.9;

    /// <summary>
    /// Makes one disk ready. <paramref name="recordedSize"/> is given on the target of a migration: a disk that is not
    /// shared then gets an empty file of exactly that size, for the mirror to fill.
    /// </summary>
    public async Task<DiskImage> PrepareAsync(PodPlace place, int launcherPid, VolumeRequest request, long? recordedSize, CancellationToken cancellationToken)
    {
        try
        {
            PodFolder.Own(place.Folder, DomainFolder.Disks);
            var image = request.Source switch
            {
                DiskSource.ContainerDisk => await ContainerDiskAsync(place, launcherPid, request, cancellationToken),
                DiskSource.EmptyDisk => await EmptyDiskAsync(place, request, recordedSize, cancellationToken),
                DiskSource.HostDisk => await FileDiskAsync(launcherPid, request, request.Path!, recordedSize, cancellationToken),
                DiskSource.Claim => await ClaimAsync(launcherPid, request, recordedSize, cancellationToken),
                DiskSource.ClaimLayer => await LayerAsync(
                    place, request, await ClaimAsync(launcherPid, request with { MayCreate = false, ReadOnly = true }, null, cancellationToken), cancellationToken),
                DiskSource.Iso => await IsoAsync(place, request, recordedSize, cancellationToken),
                _ => throw new DiskException($"volume {request.Volume}: unknown kind of disk"),
            };
            if (recordedSize is { } size && image.VirtualSize != size)
            {
                throw new DiskException($"volume {request.Volume} has {image.VirtualSize} bytes here, but {size} where the guest runs now; give both nodes the same image");
            }

            return image;
        }
        catch (Exception e) when (e is HostToolException or IOException or UnauthorizedAccessException)
        {
            throw new DiskException($"volume {request.Volume}: {e.Message}", e);
        }
    }

    private async Task<DiskImage> ContainerDiskAsync(PodPlace place, int launcherPid, VolumeRequest request, CancellationToken cancellationToken)
    {
        var folder = $"{Launcher.ImagesPath}/{request.Volume}";
        var inside = ContainerDiskFile(launcherPid, folder, request);
        var info = await InspectAsync(request.Volume, PodPlace.Outside(launcherPid, inside), format: null, cancellationToken);
        if (info.Format is not ("raw" or "qcow2"))
        {
            throw new DiskException($"volume {request.Volume}: {inside[folder.Length..]} is a {info.Format} image; convert it to qcow2 or raw");
        }

        if (info.BackingFile is { } backing)
        {
            throw new DiskException($"volume {request.Volume}: {inside[folder.Length..]} is only a layer over {backing}; flatten it with qemu-img convert");
        }

        if (info.VirtualSize == 0)
        {
            throw new DiskException($"volume {request.Volume}: {inside[folder.Length..]} is empty (0 bytes)");
        }

        var below = new DiskImage(request.Volume, request.Source, inside, info.Format, info.VirtualSize, request.ReadOnly, Shared: request.ReadOnly);
        return request.ReadOnly ? below : await LayerAsync(place, request, below, cancellationToken);
    }

    private static string ContainerDiskFile(int launcherPid, string folder, VolumeRequest request)
    {
        if (request.Path is { } path)
        {
            var inside = $"{folder}/{path.TrimStart('/')}";
            return File.Exists(PodPlace.Outside(launcherPid, inside))
                ? inside
                : throw new DiskException($"volume {request.Volume}: the image has no file {path}");
        }

        var disk = PodPlace.Outside(launcherPid, $"{folder}/disk");
        var files = Directory.Exists(disk) ? Directory.GetFiles(disk).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToArray() : [];
        return files switch
        {
            [var only] => $"{folder}/disk/{only}",
            [] => throw new DiskException($"volume {request.Volume}: the image has no file in /disk; put the disk image there or name it by containerDisk.path"),
            _ => throw new DiskException($"volume {request.Volume}: the image has {files.Length} files in /disk ({string.Join(", ", files)}); name one by containerDisk.path"),
        };
    }

    private async Task<DiskImage> LayerAsync(PodPlace place, VolumeRequest request, DiskImage below, CancellationToken cancellationToken)
    {
        var (inside, outside) = Names(place, request.Volume, "qcow2");
        if (!File.Exists(outside))
        {
            // -u: the file below is named as QEMU in the pod sees it, and does not exist under that name here.
            await MakeAsync(
                outside,
                partial => tools.RequireAsync("qemu-img", ["create", "-q", "-f", "qcow2", "-u", "-b", below.Path, "-F", below.Format, partial, below.VirtualSize.ToString()], null, cancellationToken));
        }

        return new DiskImage(request.Volume, request.Source, inside, "qcow2", below.VirtualSize, ReadOnly: false, Shared: false)
        {
            BackingPath = below.Path,
            BackingFormat = below.Format,
            BlockDevice = below.BlockDevice,
        };
    }

    private async Task<DiskImage> EmptyDiskAsync(PodPlace place, VolumeRequest request, long? recordedSize, CancellationToken cancellationToken)
    {
        var size = recordedSize ?? RoundUp(request.Capacity ?? 0, 512);
        var (inside, outside) = Names(place, request.Volume, "qcow2");
        if (!File.Exists(outside))
        {
            await MakeAsync(outside, partial => tools.RequireAsync("qemu-img", ["create", "-q", "-f", "qcow2", partial, size.ToString()], null, cancellationToken));
        }

        return new DiskImage(request.Volume, request.Source, inside, "qcow2", size, ReadOnly: false, Shared: false);
    }

    private Task<DiskImage> ClaimAsync(int launcherPid, VolumeRequest request, long? recordedSize, CancellationToken cancellationToken) => request.BlockDevice
        ? DeviceAsync(launcherPid, request, cancellationToken)
        : FileDiskAsync(launcherPid, request, "disk.img", recordedSize, cancellationToken);

    // The node in the launcher's own /dev is given to it, and no other: the kubelet had it made, with the node's owner and mode.
    private async Task<DiskImage> DeviceAsync(int launcherPid, VolumeRequest request, CancellationToken cancellationToken)
    {
        var inside = $"{Launcher.DevicesPath}/{request.Volume}";
        var outside = PodPlace.Outside(launcherPid, inside);
        var kind = await tools.RunAsync("stat", ["-c", "%F", outside], null, cancellationToken);
        if (kind.Output.Trim() != "block special file")
        {
            throw new DiskException($"volume {request.Volume}: its claim has volumeMode Block, but the pod has no block device {inside}");
        }

        LauncherUser.Give(outside);
        var info = await InspectAsync(request.Volume, outside, "raw", cancellationToken);
        return info.VirtualSize > 0
            ? new DiskImage(request.Volume, request.Source, inside, "raw", info.VirtualSize, request.ReadOnly, request.Shared || request.ReadOnly) { BlockDevice = true }
            : throw new DiskException($"volume {request.Volume}: the block device of its claim has no size");
    }

    // Always raw: a guest could otherwise write the header of another format, and have files of the node opened for it.
    private async Task<DiskImage> FileDiskAsync(int launcherPid, VolumeRequest request, string fileName, long? recordedSize, CancellationToken cancellationToken)
    {
        var folder = $"{Launcher.VolumesPath}/{request.Volume}";
        var outsideFolder = PodPlace.Outside(launcherPid, folder);
        if (!Directory.Exists(outsideFolder))
        {
            throw new DiskException($"volume {request.Volume} is not mounted in the pod at {folder}");
        }

        var inside = $"{folder}/{fileName}";
        var outside = PodPlace.Outside(launcherPid, inside);
        if (!File.Exists(outside))
        {
            var wanted = recordedSize ?? RoundUp(request.Capacity ?? 0, 512);
            if (!request.MayCreate && (recordedSize is null || request.Shared))
            {
                throw new DiskException($"volume {request.Volume}: {fileName} does not exist in {(request.Source == DiskSource.HostDisk ? "the node's folder" : "the claim")}");
            }

            var size = recordedSize ?? FittingSize(request.Volume, wanted, new DriveInfo(outsideFolder).AvailableFreeSpace);
            await MakeAsync(outside, async partial =>
            {
                await using var file = new FileStream(partial, FileMode.Create);
                file.SetLength(size);
                return "";
            });
        }

        if (!request.ReadOnly)
        {
            await GiveAsync(request.Volume, outside, cancellationToken);
        }

        var info = await InspectAsync(request.Volume, outside, "raw", cancellationToken);
        return info.VirtualSize > 0
            ? new DiskImage(request.Volume, request.Source, inside, "raw", info.VirtualSize, request.ReadOnly, request.Shared || request.ReadOnly)
            : throw new DiskException($"volume {request.Volume}: {fileName} is empty (0 bytes); fill it with a raw disk image or remove it");
    }

    private async Task<DiskImage> IsoAsync(PodPlace place, VolumeRequest request, long? recordedSize, CancellationToken cancellationToken)
    {
        var (inside, outside) = Names(place, request.Volume, "iso");
        if (!File.Exists(outside))
        {
            await MakeAsync(outside, async partial =>
            {
                if (recordedSize is { } size)
                {
                    await using var file = new FileStream(partial, FileMode.Create);
                    file.SetLength(size);
                    return "";
                }

                return await IsoFile.WriteAsync(tools, request.Iso!, partial, cancellationToken);
            });
        }

        return new DiskImage(request.Volume, request.Source, inside, "raw", new FileInfo(outside).Length, request.ReadOnly, Shared: false);
    }

    private async Task<ImageInfo> InspectAsync(string volume, string file, string? format, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> arguments = format is null ? ["info", "-U", "--output=json", file] : ["info", "-U", "--output=json", "-f", format, file];
        var result = await tools.RunAsync("qemu-img", arguments, null, cancellationToken);
        return result.Succeeded
            ? ImageInfo.Parse(result.Output)
            : throw new DiskException($"volume {volume}: not a usable disk image: {result.Error.Trim().Replace(file, Path.GetFileName(file), StringComparison.Ordinal)}");
    }

    // A claim may be on a file system where root is nobody; what belongs to the launcher already need not be given to it.
    private async Task GiveAsync(string volume, string file, CancellationToken cancellationToken)
    {
        try
        {
            LauncherUser.Give(file);
        }
        catch (IOException e)
        {
            var owner = await tools.RunAsync("stat", ["-c", "%u", file], null, cancellationToken);
            if (owner.Output.Trim() != $"{Launcher.UserId}")
            {
                throw new DiskException($"volume {volume}: {e.Message}; let it belong to {Launcher.UserId}:{Launcher.UserId} there", e);
            }
        }
    }

    private static async Task MakeAsync(string file, Func<string, Task<string>> make)
    {
        var partial = file + ".partial";
        await make(partial);
        LauncherUser.GiveAlone(partial);
        File.Move(partial, file, overwrite: true);
    }

    private static (string Inside, string Outside) Names(PodPlace place, string volume, string extension) =>
        ($"{Launcher.FolderPath}/disks/{volume}.{extension}", $"{place.DisksFolder}/{volume}.{extension}");

    public static long FittingSize(string volume, long wanted, long free)
    {
        if (wanted <= free)
        {
            return wanted;
        }

        return free >= wanted * LeastPart
            ? free / MiB * MiB
            : throw new DiskException($"volume {volume}: disk.img needs {wanted} bytes, but only {free} are free in its folder");
    }

    private static long RoundUp(long value, long unit) => (value + unit - 1) / unit * unit;
}
