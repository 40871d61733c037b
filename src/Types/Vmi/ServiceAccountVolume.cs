namespace Godwit.Types;

/// <summary>A service account's token as an ISO.</summary>
public sealed record ServiceAccountVolume : ApiPart
{
    public string? ServiceAccountName { get; init; }
}
