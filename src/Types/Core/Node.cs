namespace Godwit.Types;

/// <summary>A machine of the cluster.</summary>
public sealed record Node : ApiObject
{
    public NodeSpec? Spec { get; init; }

    public NodeStatus? Status { get; init; }
}
