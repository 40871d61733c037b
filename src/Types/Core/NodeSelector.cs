namespace Godwit.Types;

/// <summary>Alternatives of node requirements: one term must hold.</summary>
public sealed record NodeSelector : ApiPart
{
    public IReadOnlyList<NodeSelectorTerm>? NodeSelectorTerms { get; init; }
}
