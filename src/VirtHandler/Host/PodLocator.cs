using System.Collections.Concurrent;
using System.Globalization;
using Godwit.Types;

namespace Godwit.VirtHandler.Host;

/// <summary>
/// Finds a pod's launcher among the node's processes by what it has mounted: the pod's folder, whose name the kubelet
/// makes from the pod's UID. That is the same under every container runtime, cgroup version and cgroup driver. The
/// oldest such process is the container's first one; the others are its children and what was exec'ed into it.
/// </summary>
public sealed class PodLocator(string procFolder = "/proc") : IPodLocator
{
    private readonly ConcurrentDictionary<string, (int Pid, long Start)> _found = new(StringComparer.Ordinal);

    public async Task<int?> FindLauncherAsync(string podUid, CancellationToken cancellationToken)
    {
        if (_found.TryGetValue(podUid, out var known))
        {
            if (await StillAsync(known.Pid, known.Start, cancellationToken))
            {
                return known.Pid;
            }

            _found.TryRemove(podUid, out _);
        }

        var found = await SearchAsync(mounts => MountTable.ShowsVolume(mounts, podUid, Launcher.FolderVolume), cancellationToken);
        if (found is { } process)
        {
            _found[podUid] = process;
        }

        return found?.Pid;
    }

    public async Task<int?> FindContainerDiskAsync(string podUid, string volume, CancellationToken cancellationToken) =>
        (await SearchAsync(mounts => ShowsContainerDisk(mounts, podUid, volume), cancellationToken))?.Pid;

    /// <summary>Whether these are the mounts of the container that holds the disk of the pod's volume.</summary>
    internal static bool ShowsContainerDisk(string mountInfo, string podUid, string volume) =>
        MountTable.ShowsVolume(mountInfo, podUid, Launcher.ContainerDisksVolume, $"{Launcher.ContainerDisksPath}/{volume}");

    // A pid with the same start time is the same process.
    private async Task<bool> StillAsync(int pid, long start, CancellationToken cancellationToken)
    {
        try
        {
            return MountTable.StartTime(await File.ReadAllTextAsync($"{procFolder}/{pid}/stat", cancellationToken)) == start;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task<(int Pid, long Start)?> SearchAsync(Func<string, bool> isIt, CancellationToken cancellationToken)
    {
        (int Pid, long Start)? first = null;
        foreach (var folder in Directory.EnumerateDirectories(procFolder))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            {
                continue;
            }

            try
            {
                if (!isIt(await File.ReadAllTextAsync($"{folder}/mountinfo", cancellationToken)))
                {
                    continue;
                }

                var start = MountTable.StartTime(await File.ReadAllTextAsync($"{folder}/stat", cancellationToken));
                if (first is not { } known || start < known.Start || (start == known.Start && pid < known.Pid))
                {
                    first = (pid, start);
                }
            }
            catch (IOException)
            {
                // The process ended while it was looked at.
            }
            catch (UnauthorizedAccessException)
            {
                // A kernel thread or a process of another security domain.
            }
        }

        return first;
    }
}
