using System.Globalization;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>Finds a launcher's QEMU among the node's processes.</summary>
internal static class QemuProcess
{
    private const string Name = "qemu";

    /// <summary>The child of a launcher that is its QEMU; null when it has ended. Looks at every process, so not while a guest stands still.</summary>
    public static int? Below(int launcherPid)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && IsChild(folder, launcherPid))
            {
                return pid;
            }
        }

        return null;
    }

    private static bool IsChild(string folder, int parent)
    {
        try
        {
            // "PID (comm) STATE PPID ...", and a name may hold anything.
            var stat = File.ReadAllText($"{folder}/stat");
            var (open, close) = (stat.IndexOf('(', StringComparison.Ordinal), stat.LastIndexOf(')'));
            return open >= 0 && close > open
                && stat.AsSpan(open + 1).StartsWith(Name, StringComparison.Ordinal)
                && stat[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var ppid, ..]
                && int.TryParse(ppid, NumberStyles.None, CultureInfo.InvariantCulture, out var its)
                && its == parent;
        }
        catch (IOException)
        {
            // It ended while it was looked at.
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
