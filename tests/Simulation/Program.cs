using System.Diagnostics;
using Godwit.Simulation;
using Godwit.Simulation.Scripts;

var seed = ulong.Parse(args.ElementAtOrDefault(0) ?? "1");
var count = ulong.Parse(args.ElementAtOrDefault(1) ?? "1");
var trace = args.Contains("-v");
var hours = 8.0;
var watch = Stopwatch.StartNew();
var total = 0.0;
for (var s = seed; s < seed + count; s++)
{
    var script = new ScriptWriter(s).Write(hours);
    using var world = new World(script, new Breaks(), trace);
    world.Run();
    total += world.Clock.Seconds / 3600;
    if (trace)
    {
        File.WriteAllLines($"/tmp/gw/sim-{s}.log", script.Steps.Select(x => x.ToString()).Prepend(script.Setting.ToString()).Concat(world.Lines));
    }

    Console.WriteLine($"{s}: {world.Hash} {world.Succeeded}+{world.Failed} pause {world.LongestPause:0.000} steps {world.Clock.Steps} {world.Violation}");
}

Console.WriteLine($"{total:0.0} h in {watch.Elapsed.TotalSeconds:0.0} s: {total / watch.Elapsed.TotalMinutes:0} h/min");
