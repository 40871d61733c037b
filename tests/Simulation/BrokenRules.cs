using Godwit.VirtHandler.Migration;

namespace Godwit.Simulation;

/// <summary>The rules of the switchover with one of them left out, for simulated agents and for real ones.</summary>
internal static class BrokenRules
{
    public static IReadOnlyDictionary<string, SwitchoverRules> All { get; } = new Dictionary<string, SwitchoverRules>(StringComparer.Ordinal)
    {
        ["no-swap"] = SwitchoverRules.Standard with { Target = WithoutSwap },
        ["ignore-abort"] = SwitchoverRules.Standard with { Source = DeafToAbort },
    };

    /// <summary>The target lets its guest run as soon as it is loaded, whoever the record names.</summary>
    private static TargetDecision WithoutSwap(TargetFacts facts) => facts is { Owner: Owner.Source, Phase: TargetPhase.Loaded, Failed: false }
        ? new TargetDecision(TargetAction.Run, "everything has arrived")
        : Switchover.DecideTarget(facts);

    private static SourceDecision DeafToAbort(SourceFacts facts) => Switchover.DecideSource(facts with { AbortRequested = false });
}
