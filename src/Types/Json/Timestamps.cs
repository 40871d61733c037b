using System.Globalization;

namespace Godwit.Types;

/// <summary>Times as the API writes them.</summary>
public static class Timestamps
{
    /// <summary>Whole seconds where nothing finer is known, else microseconds.</summary>
    public static string Format(DateTimeOffset time) =>
        time.UtcTicks % TimeSpan.TicksPerSecond == 0
            ? time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : FormatMicro(time);

    /// <summary>Always with microseconds, as the pause of a migration needs them.</summary>
    public static string FormatMicro(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Cuts to whole seconds, the resolution of most times in the API.</summary>
    public static DateTimeOffset Seconds(DateTimeOffset time) =>
        new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);
}
