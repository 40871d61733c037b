using Godwit.Types;

namespace Godwit.Cli.Explain;

/// <summary>What must be known to explain whether a VMI can move, and where to.</summary>
public sealed record ExplainFacts
{
    public required VirtualMachineInstance Vmi { get; init; }

    /// <summary>Access modes of the claims that the VMI names and that can be read.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> ClaimAccessModes { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>();

    public IReadOnlyList<Node> Nodes { get; init; } = [];

    /// <summary>All pods of the cluster.</summary>
    public IReadOnlyList<Pod> Pods { get; init; } = [];
}
