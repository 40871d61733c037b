namespace Godwit.Types;

/// <summary>A secret as an ISO.</summary>
public sealed record SecretVolume : ApiPart
{
    public string? SecretName { get; init; }

    public bool? Optional { get; init; }

    public string? VolumeLabel { get; init; }
}
