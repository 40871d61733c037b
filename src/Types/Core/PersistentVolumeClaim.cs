namespace Godwit.Types;

/// <summary>A claim on storage.</summary>
public sealed record PersistentVolumeClaim : ApiObject
{
    public PersistentVolumeClaimSpec? Spec { get; init; }

    public PersistentVolumeClaimStatus? Status { get; init; }
}
