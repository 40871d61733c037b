namespace Godwit.VirtHandler.Disks;

/// <summary>One disk to lay out, decided from the VMI; texts of an ISO are already gathered.</summary>
public sealed record VolumeRequest(string Volume, DiskSource Source)
{
    /// <summary>The guest may only read it: no layer is put over it.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Source and target see the same file, so a migration need not copy it.</summary>
    public bool Shared { get; init; }

    /// <summary>The claim's volume is a block device, which is the disk.</summary>
    public bool BlockDevice { get; init; }

    /// <summary>Image file within a container disk, or file name of a host disk.</summary>
    public string? Path { get; init; }

    /// <summary>Size to create with, where there is nothing yet.</summary>
    public long? Capacity { get; init; }

    /// <summary>A missing file may be made.</summary>
    public bool MayCreate { get; init; }

    public IsoContent? Iso { get; init; }
}
