using System.Globalization;

namespace Godwit.LocalCluster.Workloads;

/// <summary>Points in time as objects carry them, and which of two comes first.</summary>
internal static class Times
{
    public static DateTimeOffset? Parse(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>The earlier one; null stands for never.</summary>
    public static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b ?? a : a;
}
