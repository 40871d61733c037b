namespace Godwit.VirtController;

/// <summary>What of the cluster decides how a launcher pod has its volumes.</summary>
public sealed record LauncherStorage
{
    public ContainerDiskMethod ContainerDisks { get; init; } = ContainerDiskMethod.ImageVolume;

    /// <summary>The claims, by name, whose volumes are block devices and not file systems.</summary>
    public IReadOnlySet<string> BlockClaims { get; init; } = new HashSet<string>();

    /// <summary>Image volumes, and file systems in all claims.</summary>
    public static LauncherStorage Default { get; } = new();
}
