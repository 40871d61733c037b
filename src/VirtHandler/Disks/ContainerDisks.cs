using Godwit.Types;
using Godwit.VirtHandler.Host;

namespace Godwit.VirtHandler.Disks;

/// <summary>
/// Shows a launcher the images that hold its disks and kernel. Where the kubelet mounts images as volumes there is nothing to do;
/// elsewhere each is the image of a container beside the launcher, and its file system is mounted, read-only, in the launcher's own
/// mount namespace, at the place that the volume would have. There it goes with the launcher: no mount is left to anybody.
/// </summary>
public sealed class ContainerDisks(IPodLocator locator, string procFolder = "/proc")
{
    /// <summary>The volumes whose disks, or whose kernel, are in images.</summary>
    public static IReadOnlyList<string> VolumesOf(VirtualMachineInstance vmi) =>
    [
        .. (vmi.Spec?.Volumes ?? []).Where(volume => volume.ContainerDisk is not null).Select(volume => volume.Name!),
        .. vmi.Spec?.Domain?.Firmware?.KernelBoot?.Container is { Image.Length: > 0 } ? (string[])[Launcher.KernelBootVolume] : [],
    ];

    /// <summary>Shows those that the launcher does not have yet.</summary>
    /// <exception cref="DiskException">One cannot be shown now; the message names it.</exception>
    public async Task ShowAsync(PodPlace place, int launcherPid, IReadOnlyList<string> volumes, CancellationToken cancellationToken)
    {
        foreach (var volume in volumes)
        {
            try
            {
                await ShowAsync(place, launcherPid, volume, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new DiskException($"volume {volume}: its image cannot be shown to the launcher: {e.Message}", e);
            }
        }
    }

    private async Task ShowAsync(PodPlace place, int launcherPid, string volume, CancellationToken cancellationToken)
    {
        var root = $"{procFolder}/{launcherPid}/root";
        var inside = RootedPath.Inside(root, $"{Launcher.ImagesPath}/{volume}");
        if (MountTable.IsMountPoint(await File.ReadAllTextAsync($"{procFolder}/{launcherPid}/mountinfo", cancellationToken), inside))
        {
            return;
        }

        var pid = await locator.FindContainerDiskAsync(place.PodUid, volume, cancellationToken)
            ?? throw new DiskException(
                $"volume {volume}: the container with its image does not run; see `kubectl describe pod` of the launcher with UID {place.PodUid}");
        using var tree = MountedTree.OfProcess(
            pid,
            // Another process may have got the number meanwhile: what is held by now has to be the container still.
            () => PodLocator.ShowsContainerDisk(File.ReadAllText($"{procFolder}/{pid}/mountinfo"), place.PodUid, volume));
        Directory.CreateDirectory(root + inside);
        tree.Show(launcherPid, inside);
    }
}
