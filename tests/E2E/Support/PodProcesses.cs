using System.Globalization;

namespace Godwit.Tests.E2E.Support;

/// <summary>The processes of pods, found from outside: by their control groups.</summary>
internal static class PodProcesses
{
    public const string Qemu = "qemu-system";
    public const string Launcher = "virt-launcher";

    /// <summary>The process of a pod whose name begins so; null when there is none.</summary>
    public static int? InPod(string podUid, string name) =>
        All(name).Where(p => p.Cgroup.Contains(podUid, StringComparison.Ordinal)).Select(static p => (int?)p.Pid).FirstOrDefault();

    /// <summary>All processes whose name begins so, with their control groups.</summary>
    public static IEnumerable<(int Pid, string Cgroup)> All(string name)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && Read(pid, "comm").StartsWith(name, StringComparison.Ordinal))
            {
                yield return (pid, Read(pid, "cgroup"));
            }
        }
    }

    private static string Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile.
            return "";
        }
    }
}
