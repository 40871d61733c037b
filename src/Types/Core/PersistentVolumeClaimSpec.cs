namespace Godwit.Types;

/// <summary>The storage that is asked for.</summary>
public sealed record PersistentVolumeClaimSpec : ApiPart
{
    public IReadOnlyList<string>? AccessModes { get; init; }

    public ResourceRequirements? Resources { get; init; }

    public string? StorageClassName { get; init; }

    public string? VolumeMode { get; init; }

    public string? VolumeName { get; init; }
}
