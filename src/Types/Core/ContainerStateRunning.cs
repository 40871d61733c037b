namespace Godwit.Types;

/// <summary>Since when a container runs.</summary>
public sealed record ContainerStateRunning : ApiPart
{
    public DateTimeOffset? StartedAt { get; init; }
}
