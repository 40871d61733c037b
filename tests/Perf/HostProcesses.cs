using System.Globalization;

namespace Godwit.Perf;

/// <summary>One process as /proc shows it. Memory in MiB; Pss shares what several processes have mapped.</summary>
internal sealed record HostProcessFacts(int Pid, int Parent, string Command, string Cgroup, double Rss, double Pss);

/// <summary>Looks at the machine's processes.</summary>
internal static class HostProcesses
{
    public static IReadOnlyList<HostProcessFacts> All()
    {
        var all = new List<HostProcessFacts>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid))
            {
                continue;
            }

            try
            {
                var status = File.ReadAllLines($"{folder}/status");
                var command = File.ReadAllText($"{folder}/cmdline").Replace('\0', ' ').Trim();
                if (command.Length > 0)
                {
                    all.Add(new(pid, (int)Number(status, "PPid:"), command, File.ReadAllText($"{folder}/cgroup"), Number(status, "VmRSS:") / 1024, 0));
                }
            }
            catch (IOException)
            {
                // Ended meanwhile.
            }
        }

        return all;
    }

    /// <summary>A process and all that came of it, with their shares of common memory.</summary>
    public static IReadOnlyList<HostProcessFacts> Tree(int root)
    {
        var all = All();
        var tree = all.Where(p => p.Pid == root).ToList();
        for (var i = 0; i < tree.Count; i++)
        {
            tree.AddRange(all.Where(p => p.Parent == tree[i].Pid));
        }

        return [.. tree.Select(p => p with { Pss = Pss(p.Pid) })];
    }

    /// <summary>One line of /proc/PID/status that is a size, in MiB.</summary>
    public static double StatusMiB(int pid, string key) => Number(File.ReadAllLines($"/proc/{pid}/status"), key) / 1024;

    private static double Pss(int pid)
    {
        try
        {
            return Number(File.ReadAllLines($"/proc/{pid}/smaps_rollup"), "Pss:") / 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static double Number(string[] lines, string key) =>
        lines.FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal)) is { } line
        && double.TryParse(line[key.Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.Any, CultureInfo.InvariantCulture, out var value)
            ? value
            : 0;
}
