namespace Godwit.Types;

/// <summary>The installation: its configuration and its state.</summary>
public sealed record KubeVirt : ApiObject
{
    public KubeVirtSpec? Spec { get; init; }

    public KubeVirtStatus? Status { get; init; }
}
