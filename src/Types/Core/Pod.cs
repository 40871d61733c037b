namespace Godwit.Types;

/// <summary>A pod, as far as virtual machines need it.</summary>
public sealed record Pod : ApiObject
{
    public PodSpec? Spec { get; init; }

    public PodStatus? Status { get; init; }
}
