using System.Globalization;

namespace Godwit.VirtHandler.Host;

/// <summary>Reads /proc/&lt;pid&gt;/mountinfo.</summary>
public static class MountTable
{
    /// <summary>
    /// Whether some mount shows the emptyDir volume <paramref name="volume"/> of the pod. Field 4 is the mounted folder
    /// within its file system; it ends with the kubelet's own name of the volume, which holds the pod's UID.
    /// </summary>
    /// <param name="mountInfo">The file's text.</param>
    /// <param name="podUid">The pod.</param>
    /// <param name="volume">The volume.</param>
    /// <param name="mountPoint">Where it is to be mounted; null: anywhere.</param>
    public static bool ShowsVolume(string mountInfo, string podUid, string volume, string? mountPoint = null)
    {
        var suffix = $"/pods/{podUid}/volumes/kubernetes.io~empty-dir/{volume}";
        return Lines(mountInfo).Any(fields => fields[3].EndsWith(suffix, StringComparison.Ordinal) && (mountPoint is null || fields[4] == mountPoint));
    }

    /// <summary>Whether something is mounted at this very path, which has no links in it.</summary>
    public static bool IsMountPoint(string mountInfo, string path) => Lines(mountInfo).Any(fields => fields[4] == path);

    private static IEnumerable<string[]> Lines(string mountInfo) =>
        mountInfo.Split('\n').Select(line => line.Split(' ', 6)).Where(fields => fields.Length > 4);

    /// <summary>The start time of a process, in clock ticks since boot, from /proc/&lt;pid&gt;/stat.</summary>
    public static long StartTime(string stat)
    {
        // The command name is in brackets and may hold blanks and brackets itself.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
