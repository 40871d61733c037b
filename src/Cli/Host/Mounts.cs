namespace Godwit.Cli.Host;

/// <summary>What is mounted where, from the kernel's own list.</summary>
public static class Mounts
{
    /// <summary>Mount points at or below a folder, innermost first.</summary>
    public static IReadOnlyList<string> Below(string folder)
    {
        var prefix = folder.TrimEnd('/') + "/";
        return
        [
            .. File.ReadLines("/proc/self/mountinfo")
                .Select(static line => Unescape(line.Split(' ')[4]))
                .Where(point => point == folder || point.StartsWith(prefix, StringComparison.Ordinal))
                .OrderByDescending(static point => point.Length),
        ];
    }

    private static string Unescape(string text) => text.Contains('\\', StringComparison.Ordinal)
        ? text.Replace("\\040", " ", StringComparison.Ordinal).Replace("\\011", "\t", StringComparison.Ordinal)
            .Replace("\\012", "\n", StringComparison.Ordinal).Replace("\\134", "\\", StringComparison.Ordinal)
        : text;
}
