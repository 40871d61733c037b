namespace Godwit.Types;

/// <summary>What must be known to say whether a VMI could move to a node.</summary>
public sealed record NodeFitFacts
{
    public required Node Node { get; init; }

    /// <summary>The node that the VMI is on.</summary>
    public string? SourceNode { get; init; }

    /// <summary>Labels that the target pod asks for.</summary>
    public required IReadOnlyDictionary<string, string> Selector { get; init; }

    public IReadOnlyList<Toleration> Tolerations { get; init; } = [];

    /// <summary>The VMI's own affinity; null for none.</summary>
    public Affinity? Affinity { get; init; }

    /// <summary>The VMI's namespace.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>All living pods that have a node; only affinity to pods asks for them.</summary>
    public IReadOnlyList<PlacedPod> Others { get; init; } = [];

    /// <summary>What the target pod requests, by resource; empty leaves room out of account.</summary>
    public IReadOnlyDictionary<string, string> Requests { get; init; } = new Dictionary<string, string>();

    /// <summary>What the pods that are on the node request.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> Used { get; init; } = [];
}
