namespace Godwit.Types;

/// <summary>A throw-away layer over a claim.</summary>
public sealed record EphemeralVolume : ApiPart
{
    public ClaimVolume? PersistentVolumeClaim { get; init; }
}
