namespace Godwit.Simulation;

/// <summary>Ways to break the protocol. Each must be noticed, else the simulation proves nothing.</summary>
internal static class Broken
{
    public static IReadOnlyDictionary<string, Breaks> All { get; } = BrokenRules.All
        .Select(static broken => (broken.Key, Breaks: new Breaks { Rules = broken.Value }))
        .Prepend(("self-start", new Breaks { TargetRunsByItself = true }))
        .ToDictionary(static broken => broken.Item1, static broken => broken.Item2, StringComparer.Ordinal);
}
