using System.Globalization;

namespace Godwit.Perf;

/// <summary>Processor seconds that processes have used, from /proc.</summary>
internal static class CpuTimes
{
    private const double TicksPerSecond = 100;

    // In /proc/PID/stat, counted from the state, the third word: what follows the command's closing bracket.
    private const int ParentField = 1;
    private const int UserField = 11;
    private const int ReapedSystemField = 14;

    /// <summary>A process and all that came of it, those that have ended and were waited for among them.</summary>
    public static double OfTree(int root)
    {
        var all = Directory.EnumerateDirectories("/proc")
            .Select(static folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(static pid => pid > 0)
            .Select(static pid => (Pid: pid, Stat: Read(pid)))
            .Where(static one => one.Stat is not null)
            .ToLookup(static one => int.Parse(one.Stat![ParentField], CultureInfo.InvariantCulture));
        return Sum(root, Read(root));

        double Sum(int pid, string[]? stat) =>
            (stat is null ? 0 : Seconds(stat, ReapedSystemField)) + all[pid].Sum(child => Sum(child.Pid, child.Stat));
    }

    /// <summary>One process alone; null when it is gone.</summary>
    public static double? Of(int pid) => Read(pid) is { } stat ? Seconds(stat, UserField + 1) : null;

    /// <summary>Processes that this one started and waited for.</summary>
    public static double OfReapedChildren() => Read(Environment.ProcessId) is { } stat ? Seconds(stat, ReapedSystemField) - Seconds(stat, UserField + 1) : 0;

    private static double Seconds(string[] stat, int to) =>
        stat[UserField..(to + 1)].Sum(static word => double.Parse(word, CultureInfo.InvariantCulture)) / TicksPerSecond;

    private static string[]? Read(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
