namespace Godwit.Cli.Output;

/// <summary>Figures as people read them.</summary>
public static class Figures
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>Bytes with a binary unit: <c>512 MiB</c>.</summary>
    public static string Bytes(double bytes)
    {
        var unit = 0;
        while (bytes >= 1024 && unit < Units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return unit == 0 || bytes >= 100 ? $"{bytes:0} {Units[unit]}" : $"{bytes:0.0} {Units[unit]}";
    }

    /// <summary>Milliseconds, or seconds from ten on: <c>34 ms</c>, <c>12.3 s</c>.</summary>
    public static string Duration(double milliseconds) => milliseconds >= 10_000
        ? $"{milliseconds / 1000:0.0} s"
        : milliseconds >= 1000 ? $"{milliseconds / 1000:0.00} s" : $"{milliseconds:0} ms";

    /// <summary>An age as kubectl shows it: <c>42s</c>, <c>5m</c>, <c>3h</c>, <c>2d</c>.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 0 } => "0s",
        { TotalSeconds: < 120 } => $"{(int)age.TotalSeconds}s",
        { TotalMinutes: < 120 } => $"{(int)age.TotalMinutes}m",
        { TotalHours: < 48 } => $"{(int)age.TotalHours}h",
        _ => $"{(int)age.TotalDays}d",
    };
}
