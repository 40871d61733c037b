namespace Godwit.Types;

/// <summary>Something that a pod's containers can mount; exactly one source.</summary>
public sealed record PodVolume : ApiPart
{
    public string? Name { get; init; }

    public EmptyDirSource? EmptyDir { get; init; }

    public ImageSource? Image { get; init; }

    public ClaimSource? PersistentVolumeClaim { get; init; }

    public HostPathSource? HostPath { get; init; }

    public SecretSource? Secret { get; init; }

    public ConfigMapSource? ConfigMap { get; init; }
}
