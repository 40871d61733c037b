using System.Globalization;

namespace Godwit.VirtHandler.Host;

/// <summary>Reads /proc/&lt;pid&gt;/mountinfo.</summary>
public static class MountTable
{
    /// <summary>
    /// Whether some mount shows the emptyDir volume <paramref name="volume"/> of the pod. Field 4 is the mounted folder
    /// within its file system; it ends with the kubelet's own name of the volume, which holds the pod's UID.
    /// </summary>
    public static bool ShowsVolume(string mountInfo, string podUid, string volume)
    {
        var suffix = $"/pods/{podUid}/volumes/kubernetes.io~empty-dir/{volume}";
        return mountInfo.Split('\n').Any(line =>
        {
            var fields = line.Split(' ', 6);
            return fields.Length > 4 && fields[3].EndsWith(suffix, StringComparison.Ordinal);
        });
    }

    /// <summary>The start time of a process, in clock ticks since boot, from /proc/&lt;pid&gt;/stat.</summary>
    public static long StartTime(string stat)
    {
        // The command name is in brackets and may hold blanks and brackets itself.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
