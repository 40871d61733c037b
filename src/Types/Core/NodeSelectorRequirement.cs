namespace Godwit.Types;

/// <summary>One expression over a node's labels or fields.</summary>
public sealed record NodeSelectorRequirement : ApiPart
{
    public string? Key { get; init; }

    public string? Operator { get; init; }

    public IReadOnlyList<string>? Values { get; init; }
}
