using System.Security.Cryptography;
using System.Text;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>IDs of containers: they follow from pod, container and run, so that a start repeated after a crash meets what it made before.</summary>
internal static class ContainerId
{
    public static string Of(string podUid, string container, int attempt) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{podUid}/{container}/{attempt}")));

    /// <summary>The number of the container's last run that left a log folder entry; -1 when there was none.</summary>
    public static int LastAttempt(KubeletPaths paths, string podUid, string container)
    {
        var pods = Directory.Exists(paths.Logs) ? Directory.EnumerateDirectories(paths.Logs, $"*_{podUid}") : [];
        return pods.Select(p => Path.Combine(p, container))
            .Where(Directory.Exists)
            .SelectMany(p => Directory.EnumerateFiles(p, "*.log"))
            .Select(f => int.TryParse(Path.GetFileNameWithoutExtension(f), out var n) ? n : -1)
            .DefaultIfEmpty(-1)
            .Max();
    }
}
