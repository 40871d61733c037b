namespace Godwit.Simulation.Scripts;

/// <summary>How one script went.</summary>
internal sealed record Episode(Script Script, double Hours, int Succeeded, int Failed, double LongestPause, string Hash, string? Violation, IReadOnlyList<string> Lines)
{
    public int Faults => Script.Steps.Count(Tally.IsFault);

    public static Episode Run(Script script, Breaks breaks, bool keepTrace = false, bool measures = false)
    {
        using var world = new World(script, breaks, keepTrace, measures);
        world.Run();
        var violation = world.Violation is { } what
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"at {world.ViolatedAt:0.000} s: {what}")
            : null;
        return new Episode(script, world.Clock.Seconds / 3600, world.Succeeded, world.Failed, world.LongestPause, world.Hash, violation, [.. world.Lines]);
    }

    public static Episode Run(ulong seed, Breaks breaks, bool keepTrace = false) => Run(new ScriptWriter(seed).Write(), breaks, keepTrace);
}
