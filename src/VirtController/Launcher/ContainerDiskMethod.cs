namespace Godwit.VirtController;

/// <summary>How a launcher comes by disks and kernels that are in images.</summary>
public enum ContainerDiskMethod
{
    /// <summary>The kubelet mounts the image as a volume.</summary>
    ImageVolume,

    /// <summary>The image is that of a sidecar, whose file system the agent shows the launcher.</summary>
    Sidecar,
}
