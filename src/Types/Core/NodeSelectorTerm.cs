namespace Godwit.Types;

/// <summary>Requirements on a node that must hold together.</summary>
public sealed record NodeSelectorTerm : ApiPart
{
    public IReadOnlyList<NodeSelectorRequirement>? MatchExpressions { get; init; }

    public IReadOnlyList<NodeSelectorRequirement>? MatchFields { get; init; }
}
