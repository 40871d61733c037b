namespace Godwit.Cli.Explain;

/// <summary>Whether a VMI can move, why not, and where to.</summary>
public sealed record Explanation
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public required string Phase { get; init; }

    public string? Node { get; init; }

    /// <summary>In one sentence.</summary>
    public required string Verdict { get; init; }

    /// <summary>A migration that began now would find a target.</summary>
    public required bool Movable { get; init; }

    public required string Method { get; init; }

    public required IReadOnlyList<ExplainedReason> Reasons { get; init; }

    public required IReadOnlyList<ExplainedNode> Nodes { get; init; }
}
