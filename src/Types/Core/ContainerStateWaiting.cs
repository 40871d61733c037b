namespace Godwit.Types;

/// <summary>Why a container does not run yet.</summary>
public sealed record ContainerStateWaiting : ApiPart
{
    public string? Reason { get; init; }

    public string? Message { get; init; }
}
