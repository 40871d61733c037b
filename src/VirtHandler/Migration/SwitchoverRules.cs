namespace Godwit.VirtHandler.Migration;

/// <summary>The rules that drivers of a migration ask, one for each side. Pure functions.</summary>
public sealed record SwitchoverRules(Func<SourceFacts, SourceDecision> Source, Func<TargetFacts, TargetDecision> Target)
{
    /// <summary>The rules of <see cref="Switchover"/>.</summary>
    public static SwitchoverRules Standard { get; } = new(Switchover.DecideSource, Switchover.DecideTarget);
}
