namespace Godwit.Types;

/// <summary>A label selector as it is written in a spec.</summary>
public sealed record LabelSelectorSpec : ApiPart
{
    public IReadOnlyDictionary<string, string>? MatchLabels { get; init; }

    public IReadOnlyList<LabelSelectorRequirement>? MatchExpressions { get; init; }
}
