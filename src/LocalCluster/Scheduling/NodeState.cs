using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>A node with the pods that count against it: bound ones, and those just promised to it.</summary>
public sealed record NodeState(Node Node, IReadOnlyList<Pod> Pods)
{
    public string Name => Node.Metadata.Name;

    public IReadOnlyDictionary<string, string> Labels => Node.Metadata.Labels ?? [];

    /// <summary>What all its pods ask for.</summary>
    public ResourceSum Requested { get; } = ResourceSum.OfAll(Pods);

    /// <summary>What it can give.</summary>
    public ResourceSum Allocatable { get; } = ResourceSum.Of(Node.Status.Allocatable ?? Node.Status.Capacity ?? []);
}
