namespace Godwit.Types;

/// <summary>Where a pod volume appears in a container.</summary>
public sealed record VolumeMount : ApiPart
{
    public string? Name { get; init; }

    public string? MountPath { get; init; }

    public string? SubPath { get; init; }

    public bool? ReadOnly { get; init; }

    public string? MountPropagation { get; init; }
}
