using Godwit.Simulation;
using Godwit.Simulation.Scripts;

// Simulates whole clusters in virtual time; see docs/reliability.md.
if (Options.Parse(args) is not { } options)
{
    Console.Error.WriteLine(Options.Usage);
    return 2;
}

if (options.Episode || options.Script is not null)
{
    var breaks = options.Break is null ? new Breaks() : Broken.All[options.Break];
    var script = options.Script is null ? new ScriptWriter(options.Seed).Write() : Script.Read(options.Script);
    var episode = Episode.Run(script, breaks, keepTrace: true);
    Console.WriteLine(script.ToJson());
    foreach (var line in episode.Lines)
    {
        Console.WriteLine(line);
    }

    Console.WriteLine(episode.Violation is null ? $"all promises held; trace {episode.Hash}" : $"BROKEN {episode.Violation}; trace {episode.Hash}");
    return episode.Violation is null ? 0 : 1;
}

var failed = options.Check ? SelfCheck.Run() : 0;
return options.Search ? Math.Max(Math.Min(failed, 1), new Search(options).Run()) : Math.Min(failed, 1);
