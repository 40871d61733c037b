namespace Godwit.Types;

/// <summary>How a node takes part in the cluster.</summary>
public sealed record NodeSpec : ApiPart
{
    public bool? Unschedulable { get; init; }

    public IReadOnlyList<Taint>? Taints { get; init; }

    public string? PodCIDR { get; init; }
}
