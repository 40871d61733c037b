using Godwit.LocalCluster.Objects;

namespace Godwit.LocalCluster.Scheduling;

/// <summary>The world in which one pod is to find its node.</summary>
public sealed record SchedulingFacts(Pod Pod, IReadOnlyList<NodeState> Nodes)
{
    public IReadOnlyList<ClaimState> Claims { get; init; } = [];

    /// <summary>Labels of namespaces, for terms that select by them.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> NamespaceLabels { get; init; } =
        new Dictionary<string, IReadOnlyDictionary<string, string>>();
}
