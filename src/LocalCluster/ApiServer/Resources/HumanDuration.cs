using System.Globalization;

namespace Godwit.LocalCluster.ApiServer.Resources;

/// <summary>Ages as kubectl shows them: one or two units, coarser as they grow.</summary>
public static class HumanDuration
{
    /// <summary>The age of a timestamp; <c>&lt;unknown&gt;</c> without one.</summary>
    public static string Since(string? timestamp, TimeProvider time)
    {
        if (string.IsNullOrEmpty(timestamp))
        {
            return "<unknown>";
        }

        return DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? Format(time.GetUtcNow() - at)
            : "<invalid>";
    }

    /// <summary>The rules of Kubernetes' duration.HumanDuration: seconds to 2 min, then minutes and seconds to 10 min, and so on.</summary>
    public static string Format(TimeSpan d)
    {
        var seconds = (long)d.TotalSeconds;
        if (seconds < -1)
        {
            return "<invalid>";
        }

        if (seconds < 0)
        {
            return "0s";
        }

        if (seconds < 120)
        {
            return $"{seconds}s";
        }

        var minutes = seconds / 60;
        if (minutes < 10)
        {
            return WithRest(minutes, "m", seconds % 60, "s");
        }

        if (minutes < 180)
        {
            return $"{minutes}m";
        }

        var hours = minutes / 60;
        if (hours < 8)
        {
            return WithRest(hours, "h", minutes % 60, "m");
        }

        if (hours < 48)
        {
            return $"{hours}h";
        }

        var days = hours / 24;
        if (hours < 192)
        {
            return WithRest(days, "d", hours % 24, "h");
        }

        if (days < 365 * 2)
        {
            return $"{days}d";
        }

        var years = days / 365;
        return years < 8 ? WithRest(years, "y", days % 365, "d") : $"{years}y";
    }

    private static string WithRest(long whole, string unit, long rest, string restUnit) =>
        rest == 0 ? $"{whole}{unit}" : $"{whole}{unit}{rest}{restUnit}";
}
