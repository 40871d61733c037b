namespace Godwit.VirtHandler.Disks;

/// <summary>Where the content of a disk comes from.</summary>
public enum DiskSource
{
    /// <summary>An image file within a container image, under a throw-away layer unless the disk is read-only.</summary>
    ContainerDisk,

    /// <summary>A sparse file that lives as long as the VMI.</summary>
    EmptyDisk,

    /// <summary>A file in a folder of the node.</summary>
    HostDisk,

    /// <summary>disk.img in a file system claim.</summary>
    Claim,

    /// <summary>A throw-away layer over disk.img of a claim.</summary>
    ClaimLayer,

    /// <summary>An ISO made of texts: cloud-init, config map, secret.</summary>
    Iso,
}
