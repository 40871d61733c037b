using Godwit.Cli.Host;

namespace Godwit.Tests.E2E.Support;

/// <summary>What a cluster has on the machine at this moment, one line for each thing.</summary>
internal static class Machine
{
    /// <summary>Namespaces, interfaces, mounts, cgroups and processes that carry the cluster's name or folder.</summary>
    public static IReadOnlyList<string> Leftovers(string name, string state) =>
    [
        .. Names("/var/run/netns").Concat(Names("/run/netns")).Distinct(StringComparer.Ordinal).Where(n => n.StartsWith(name, StringComparison.Ordinal)).Select(static n => $"netns {n}"),
        .. Names("/sys/class/net").Where(n => n.StartsWith(name, StringComparison.Ordinal)).Select(static n => $"interface {n}"),
        .. Mounts.Below(state).Select(static m => $"mount {m}"),
        .. Cgroups(name).Select(static c => $"cgroup {c}"),
        .. ProcessTable.Pids().Select(pid => (Pid: pid, Line: CommandLine(pid)))
            .Where(p => p.Line.Contains(state, StringComparison.Ordinal) && !p.Line.Contains("down", StringComparison.Ordinal))
            .Select(static p => $"process {p.Pid} {p.Line}"),
    ];

    private static IEnumerable<string> Names(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder).Select(static e => Path.GetFileName(e)!) : [];

    private static IEnumerable<string> Cgroups(string name) =>
        Directory.EnumerateDirectories("/sys/fs/cgroup", "godwit", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 })
            .Select(top => Path.Combine(top, name))
            .Where(Directory.Exists)
            .SelectMany(static own => Directory.EnumerateDirectories(own, "*", SearchOption.AllDirectories).Append(own));

    /// <summary>The words that a process was started with, empty once it is gone.</summary>
    public static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
