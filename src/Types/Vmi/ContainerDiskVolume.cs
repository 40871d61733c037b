namespace Godwit.Types;

/// <summary>A disk image within a container image; writes are thrown away with the VMI.</summary>
public sealed record ContainerDiskVolume : ApiPart
{
    public string? Image { get; init; }

    public string? ImagePullSecret { get; init; }

    public string? Path { get; init; }

    public string? ImagePullPolicy { get; init; }
}
