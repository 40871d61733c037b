namespace Godwit.Types;

/// <summary>A config map as an ISO.</summary>
public sealed record ConfigMapVolume : ApiPart
{
    public string? Name { get; init; }

    public bool? Optional { get; init; }

    public string? VolumeLabel { get; init; }
}
