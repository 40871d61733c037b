namespace Godwit.VirtHandler.Disks;

/// <summary>A disk that is ready: its file as QEMU in the pod sees it, its format, and what the guest sees of it.</summary>
public sealed record DiskImage(string Volume, DiskSource Source, string Path, string Format, long VirtualSize, bool ReadOnly, bool Shared)
{
    /// <summary>The file under a layer; null when the disk is one file.</summary>
    public string? BackingPath { get; init; }

    public string? BackingFormat { get; init; }

    /// <summary>What lies lowest is a block device and not a file.</summary>
    public bool BlockDevice { get; init; }
}
