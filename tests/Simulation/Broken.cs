using Godwit.VirtHandler.Migration;

namespace Godwit.Simulation;

/// <summary>Ways to break the protocol. Each must be noticed, else the simulation proves nothing.</summary>
internal static class Broken
{
    public static IReadOnlyDictionary<string, Breaks> All { get; } = new Dictionary<string, Breaks>(StringComparer.Ordinal)
    {
        ["self-start"] = new() { TargetRunsByItself = true },
        ["no-swap"] = new() { Rules = SwitchoverRules.Standard with { Target = WithoutSwap } },
        ["ignore-abort"] = new() { Rules = SwitchoverRules.Standard with { Source = DeafToAbort } },
    };

    /// <summary>The target lets its guest run as soon as it is loaded, whoever the record names.</summary>
    private static TargetDecision WithoutSwap(TargetFacts facts) => facts is { Owner: Owner.Source, Phase: TargetPhase.Loaded, Failed: false }
        ? new TargetDecision(TargetAction.Run, "everything has arrived")
        : Switchover.DecideTarget(facts);

    private static SourceDecision DeafToAbort(SourceFacts facts) => Switchover.DecideSource(facts with { AbortRequested = false });
}
