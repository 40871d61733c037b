using System.Buffers;
using System.Globalization;
using System.Text;

namespace Godwit.Machinery;

/// <summary>Spans of time as Kubernetes writes them: Go's <c>time.Duration</c>, such as <c>168h</c>, <c>1m30s</c>, <c>1.5h</c> or <c>0</c>.</summary>
public static class GoDuration
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    // In ticks: Go counts nanoseconds in 64 bits.
    private const decimal Longest = long.MaxValue / 100;

    // Longer units first where one begins with the other.
    private static readonly (string Name, decimal Ticks)[] Units =
    [
        ("ns", 0.01m),
        ("us", TimeSpan.TicksPerMicrosecond),
        ("µs", TimeSpan.TicksPerMicrosecond),
        ("μs", TimeSpan.TicksPerMicrosecond),
        ("ms", TimeSpan.TicksPerMillisecond),
        ("s", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute),
        ("h", TimeSpan.TicksPerHour),
    ];

    /// <summary>Reads a duration. False when it is none, or longer than Go can say (292 years).</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var rest = text.AsSpan();
        var negative = rest is ['-', ..];
        rest = rest is ['-' or '+', ..] ? rest[1..] : rest;
        if (rest is "0")
        {
            return true;
        }

        var ticks = 0m;
        do
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0 || digits > 20
                || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                || Unit(rest[digits..]) is not { } unit)
            {
                return false;
            }

            if (number > (Longest - ticks) / unit.Ticks)
            {
                return false;
            }

            ticks += number * unit.Ticks;

            rest = rest[(digits + unit.Name.Length)..];
        }
        while (rest.Length > 0);
        duration = new TimeSpan((long)(negative ? -ticks : ticks));
        return true;
    }

    /// <summary>The shortest form, such as <c>33h36m</c> or <c>1.5s</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
        {
            return "0s";
        }

        var text = new StringBuilder(duration < TimeSpan.Zero ? "-" : "");
        var left = duration.Duration();
        Append(text, (long)left.TotalHours, "h");
        Append(text, left.Minutes, "m");
        var seconds = (left.Ticks % TimeSpan.TicksPerMinute) / (decimal)TimeSpan.TicksPerSecond;
        return seconds == 0 ? text.ToString() : text.Append(CultureInfo.InvariantCulture, $"{seconds:0.#######}s").ToString();
    }

    private static void Append(StringBuilder text, long amount, string unit)
    {
        if (amount > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{amount}{unit}");
        }
    }

    private static (string Name, decimal Ticks)? Unit(ReadOnlySpan<char> text)
    {
        foreach (var unit in Units)
        {
            if (text.StartsWith(unit.Name, StringComparison.Ordinal))
            {
                return unit;
            }
        }

        return null;
    }
}
