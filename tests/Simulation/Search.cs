using System.Diagnostics;
using System.Globalization;
using Godwit.Simulation.Scripts;

namespace Godwit.Simulation;

/// <summary>Runs episode after episode until so many hours are simulated or a promise is broken; several processes share the seeds.</summary>
internal sealed class Search(Options options)
{
    private const int ShrinkBudget = 250;
    private readonly Breaks _breaks = options.Break is null ? new Breaks() : Broken.All[options.Break];

    /// <summary>The exit code.</summary>
    public int Run()
    {
        // All of it on the main thread: the only thread of the pool is the worlds'.
        var clock = Stopwatch.StartNew();
        var others = options.Share is null ? Enumerable.Range(1, options.Jobs - 1).Select(Start).ToList() : [];
        var mine = Work(options.Share ?? 0);
        if (options.Share is not null)
        {
            Console.WriteLine(mine.ToString());
            return 0;
        }

        var all = mine;
        foreach (var other in others)
        {
            all += Tally.Parse(other.StandardOutput.ReadToEnd());
            other.WaitForExit();
            other.Dispose();
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{all.Hours:0} cluster-hours, {all.Episodes} episodes, {all.Succeeded} migrations that succeeded and {all.Failed} that did not, {all.Faults} faults, longest pause without one {all.LongestPause * 1000:0} ms; {all.Hours / clock.Elapsed.TotalMinutes:0} hours a minute"));
        if (all.BadSeed is not { } seed)
        {
            return 0;
        }

        Explain(seed);
        return 1;
    }

    private Tally Work(int share)
    {
        var tally = new Tally();
        for (var i = (ulong)share; tally.Hours < options.Hours / options.Jobs; i += (ulong)options.Jobs)
        {
            var episode = Episode.Run(options.Seed + i, _breaks);
            tally += Tally.Of(episode);
            if (episode.Violation is not null)
            {
                return tally with { BadSeed = options.Seed + i };
            }
        }

        return tally;
    }

    private Process Start(int share)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            [
                "--seed", $"{options.Seed}", "--hours", options.Hours.ToString(CultureInfo.InvariantCulture), "--jobs", $"{options.Jobs}", "--share", $"{share}",
                .. options.Break is null ? Array.Empty<string>() : ["--break", options.Break],
            ])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        return Process.Start(start)!;
    }

    private void Explain(ulong seed)
    {
        var episode = Episode.Run(seed, _breaks);
        Console.WriteLine($"BROKEN seed {seed}, {episode.Violation}");
        var (script, violation) = new Shrinker(candidate => Episode.Run(candidate, _breaks).Violation, ShrinkBudget).Shrink(episode.Script, episode.Violation!);
        Console.WriteLine($"shrunk from {episode.Script.Steps.Count} steps to {script.Steps.Count}, {violation}");
        foreach (var step in script.Steps)
        {
            Console.WriteLine($"  {step}");
        }

        Console.WriteLine($"the trace: simulation --seed {seed} --episode; the short one, to be kept in tests/Simulation/Regressions and run with --script:");
        Console.WriteLine((script with { About = violation }).ToJson());
    }
}
