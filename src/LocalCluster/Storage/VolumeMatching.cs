using Godwit.LocalCluster.Objects;
using Godwit.LocalCluster.Scheduling;

namespace Godwit.LocalCluster.Storage;

/// <summary>Which volume suits a claim, and what a new one looks like; pure.</summary>
public static class VolumeMatching
{
    /// <summary>The smallest free volume that gives what the claim asks; one that was made for it comes first.</summary>
    public static PersistentVolume? Find(PersistentVolumeClaim claim, IEnumerable<PersistentVolume> volumes) => volumes
        .Where(v => v.Metadata.DeletionTimestamp is null && (IsFor(v, claim) || (IsFree(v) && Suits(v, claim))))
        .OrderByDescending(v => IsFor(v, claim))
        .ThenBy(v => Amounts.Units(v.Spec.Capacity?.GetValueOrDefault("storage")))
        .ThenBy(v => v.Metadata.Name, StringComparer.Ordinal)
        .FirstOrDefault();

    /// <summary>Whether the volume names this very claim as its owner.</summary>
    public static bool IsFor(PersistentVolume volume, PersistentVolumeClaim claim) =>
        volume.Spec.ClaimRef is { } owner && owner.Name == claim.Metadata.Name && owner.Namespace == claim.Metadata.Namespace
        && (string.IsNullOrEmpty(owner.Uid) || owner.Uid == claim.Metadata.Uid);

    public static bool Suits(PersistentVolume volume, PersistentVolumeClaim claim) =>
        (string.IsNullOrEmpty(claim.Spec.VolumeName) || claim.Spec.VolumeName == volume.Metadata.Name)
        && (volume.Spec.StorageClassName ?? "") == (claim.Spec.StorageClassName ?? "")
        && (volume.Spec.VolumeMode ?? "Filesystem") == (claim.Spec.VolumeMode ?? "Filesystem")
        && (claim.Spec.AccessModes ?? []).TrueForAll(m => volume.Spec.AccessModes?.Contains(m) == true)
        && Amounts.Units(volume.Spec.Capacity?.GetValueOrDefault("storage")) >= Asked(claim)
        && (claim.Spec.Selector is null || NodeMatching.Matches(claim.Spec.Selector, volume.Metadata.Labels));

    /// <summary>How many bytes the claim asks for.</summary>
    public static long Asked(PersistentVolumeClaim claim) => Amounts.Units(claim.Spec.Resources?.Requests?.GetValueOrDefault("storage"));

    /// <summary>Several nodes may use the volume at once, so it is bound to none.</summary>
    public static bool IsShared(PersistentVolumeClaim claim) => claim.Spec.AccessModes?.Exists(m => m is "ReadWriteMany" or "ReadOnlyMany") == true;

    private static bool IsFree(PersistentVolume volume) => volume.Spec.ClaimRef is null && volume.Status.Phase is null or "" or "Available" or "Pending";
}
