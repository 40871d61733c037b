namespace Godwit.Types;

/// <summary>A wish about nodes, with its weight.</summary>
public sealed record PreferredSchedulingTerm : ApiPart
{
    public int? Weight { get; init; }

    public NodeSelectorTerm? Preference { get; init; }
}
