using Godwit.LocalCluster.Network;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>Takes away cgroups in every hierarchy of the machine, with all that still runs in them.</summary>
internal static class PodCgroups
{
    private const string Root = "/sys/fs/cgroup";

    /// <param name="tools">Tools of the host.</param>
    /// <param name="group">Path of the group, the same in each hierarchy.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task RemoveAsync(HostTools tools, string group, CancellationToken cancellation)
    {
        var folders = FoldersOf(group);
        var pids = PidsIn(group);
        if (pids.Count > 0)
        {
            await tools.TryRunAsync("kill", ["-KILL", .. pids], cancellation);
        }
        foreach (var folder in folders.SelectMany(f => Directory.EnumerateDirectories(f, "*", SearchOption.AllDirectories).Append(f)).OrderByDescending(f => f.Length))
        {
            // The kernel empties a group only after its last process is reaped: what is busy goes with the next try.
            await tools.TryRunAsync("rmdir", [folder], cancellation);
        }
    }

    /// <summary>The processes of a group and of those below it.</summary>
    public static IReadOnlyList<string> PidsIn(string group) =>
        [.. FoldersOf(group).SelectMany(f => Directory.EnumerateFiles(f, "cgroup.procs", SearchOption.AllDirectories)).SelectMany(ReadPids).Distinct()];

    private static List<string> FoldersOf(string group) => [.. Hierarchies().Select(h => h + group).Where(Directory.Exists)];

    public static bool Exists(string group) => Hierarchies().Any(h => Directory.Exists(h + group));

    /// <summary>With the unified hierarchy alone there is one; with the old ones, one per controller.</summary>
    private static IEnumerable<string> Hierarchies() => File.Exists(Path.Combine(Root, "cgroup.controllers"))
        ? [Root]
        : Directory.EnumerateDirectories(Root);

    private static string[] ReadPids(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (IOException)
        {
            return [];
        }
    }
}
