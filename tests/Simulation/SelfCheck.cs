using Godwit.Simulation.Scripts;

namespace Godwit.Simulation;

/// <summary>What must hold for a search to mean anything, and the scripts that once broke a promise.</summary>
internal static class SelfCheck
{
    private const ulong FirstSeed = 1;

    private const int SoakGuests = 40;

    /// <summary>A protocol broken on purpose must be noticed within so many episodes.</summary>
    private const ulong MostEpisodes = 60;

    /// <summary>The number of checks that failed.</summary>
    public static int Run()
    {
        var failed = 0;
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Regressions"), "*.json").Order(StringComparer.Ordinal))
        {
            var violation = Episode.Run(Script.Read(file), new Breaks()).Violation;
            failed += Say(violation is null, $"regression {Path.GetFileNameWithoutExtension(file)}", violation ?? "holds");
        }

        var (one, other) = (Episode.Run(FirstSeed, new Breaks()), Episode.Run(FirstSeed, new Breaks()));
        failed += Say(one.Hash == other.Hash, "the same seed twice", one.Hash == other.Hash ? $"the same trace, {one.Hash}" : $"{one.Hash}, then {other.Hash}");
        var soak = Episode.Run(ScriptWriter.Soak(SoakGuests), new Breaks(), measures: true);
        failed += Say(
            soak.Violation is null && soak.Succeeded == SoakGuests,
            $"memory after {SoakGuests} guests that came, moved and went",
            soak.Violation ?? $"as before, {soak.Succeeded} have moved");
        foreach (var (name, breaks) in Broken.All)
        {
            failed += Caught(name, breaks);
        }

        return failed;
    }

    private static int Caught(string name, Breaks breaks)
    {
        for (var seed = FirstSeed; seed < FirstSeed + MostEpisodes; seed++)
        {
            if (Episode.Run(seed, breaks).Violation is { } violation)
            {
                return Say(true, $"broken on purpose: {name}", $"noticed with seed {seed}, {violation}");
            }
        }

        return Say(false, $"broken on purpose: {name}", $"not noticed in {MostEpisodes} episodes");
    }

    private static int Say(bool holds, string what, string how)
    {
        Console.WriteLine($"{(holds ? "ok" : "FAILED")}  {what}: {how}");
        return holds ? 0 : 1;
    }
}
