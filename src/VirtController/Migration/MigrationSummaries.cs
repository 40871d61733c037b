using System.Globalization;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>A migration in the few words of a table. Unknown is empty, never a guess. Pure.</summary>
public static class MigrationSummaries
{
    private const double KiB = 1024;
    private const double MiB = 1024 * KiB;
    private const double GiB = 1024 * MiB;

    public static MigrationSummary Of(MigrationState state, string? phase, DateTimeOffset now) => new()
    {
        Source = state.SourceNode ?? "",
        Target = state.TargetNode ?? "",
        Progress = phase == MigrationPhases.Succeeded
            ? "100%"
            : state.Transfer?.Percent is { } percent ? $"{percent}%" : "",
        Rate = Rate(state, phase, now),
        Eta = phase == MigrationPhases.Running ? Eta(state.Transfer) : "",
        Pause = state.PauseMs is { } pause ? Duration(pause / 1000) : "",
    };

    /// <summary>Bytes a second, as a person would say it.</summary>
    public static string Rate(double bytesPerSecond) => bytesPerSecond switch
    {
        >= 10 * GiB => Text(bytesPerSecond / GiB, "0", "GiB/s"),
        >= GiB => Text(bytesPerSecond / GiB, "0.0", "GiB/s"),
        >= 10 * MiB => Text(bytesPerSecond / MiB, "0", "MiB/s"),
        >= MiB => Text(bytesPerSecond / MiB, "0.0", "MiB/s"),
        _ => Text(bytesPerSecond / KiB, "0", "KiB/s"),
    };

    /// <summary>Seconds as ms, s or m.</summary>
    public static string Duration(double seconds) => seconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0}ms"),
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0}s"),
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0}m"),
    };

    /// <summary>While it runs the rate that was measured last; afterwards the average over the whole.</summary>
    private static string Rate(MigrationState state, string? phase, DateTimeOffset now)
    {
        if (phase == MigrationPhases.Succeeded
            && state is { Transfer.TransferredBytes: { } bytes, StartTimestamp: { } start }
            && (state.EndTimestamp ?? now) - start is { TotalSeconds: >= 1 } duration)
        {
            return Rate(bytes / duration.TotalSeconds);
        }

        return state.Transfer?.RateBytesPerSecond is { } rate ? Rate(rate) : "";
    }

    private static string Eta(MigrationTransfer? transfer)
    {
        if (transfer is not { EtaMinSeconds: { } least, EtaMaxSeconds: { } most })
        {
            return "";
        }

        var minutes = most >= 120;
        var unit = minutes ? "m" : "s";
        var from = Math.Floor(minutes ? least / 60 : least);
        var to = Math.Ceiling(minutes ? most / 60 : most);
        return from >= to
            ? string.Create(CultureInfo.InvariantCulture, $"{to:0}{unit}")
            : string.Create(CultureInfo.InvariantCulture, $"{from:0}-{to:0}{unit}");
    }

    private static string Text(double value, string format, string unit) =>
        $"{value.ToString(format, CultureInfo.InvariantCulture)} {unit}";
}
