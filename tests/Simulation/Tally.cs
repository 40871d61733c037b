using System.Globalization;
using Godwit.Simulation.Scripts;

namespace Godwit.Simulation;

/// <summary>What a search has done so far.</summary>
internal sealed record Tally
{
    private static readonly string[] Uses = [Verbs.Create, Verbs.Delete, Verbs.ShutDown, Verbs.Migrate, Verbs.Cancel, Verbs.Drain, Verbs.Undrain];

    public double Hours { get; init; }

    public int Episodes { get; init; }

    public int Succeeded { get; init; }

    public int Failed { get; init; }

    public int Faults { get; init; }

    public double LongestPause { get; init; }

    public ulong? BadSeed { get; init; }

    public static Tally Of(Episode episode) => new()
    {
        Hours = episode.Hours,
        Episodes = 1,
        Succeeded = episode.Succeeded,
        Failed = episode.Failed,
        Faults = episode.Faults,
        LongestPause = episode.LongestPause,
    };

    public static Tally operator +(Tally one, Tally other) => new()
    {
        Hours = one.Hours + other.Hours,
        Episodes = one.Episodes + other.Episodes,
        Succeeded = one.Succeeded + other.Succeeded,
        Failed = one.Failed + other.Failed,
        Faults = one.Faults + other.Faults,
        LongestPause = Math.Max(one.LongestPause, other.LongestPause),
        BadSeed = one.BadSeed ?? other.BadSeed,
    };

    public static bool IsFault(Step step) => !Uses.Contains(step.Do);

    /// <summary>As one process tells it to another.</summary>
    public static Tally Parse(string text)
    {
        var parts = text.Trim().Split(' ');
        if (parts.Length != 7)
        {
            throw new InvalidDataException($"another process of the search has failed: {text}");
        }

        return new Tally
        {
            Hours = double.Parse(parts[0], CultureInfo.InvariantCulture),
            Episodes = int.Parse(parts[1], CultureInfo.InvariantCulture),
            Succeeded = int.Parse(parts[2], CultureInfo.InvariantCulture),
            Failed = int.Parse(parts[3], CultureInfo.InvariantCulture),
            Faults = int.Parse(parts[4], CultureInfo.InvariantCulture),
            LongestPause = double.Parse(parts[5], CultureInfo.InvariantCulture),
            BadSeed = parts[6] == "-" ? null : ulong.Parse(parts[6], CultureInfo.InvariantCulture),
        };
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Hours} {Episodes} {Succeeded} {Failed} {Faults} {LongestPause} {(BadSeed is { } seed ? $"{seed}" : "-")}");
}
