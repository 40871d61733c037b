namespace Godwit.VirtHandler.Migration;

/// <summary>A launcher pod on this node that takes part in a migration. All that belongs to it is found from its UID.</summary>
public sealed record LocalPod
{
    public required string Uid { get; init; }

    public required string Name { get; init; }

    /// <summary>The address that the other side's QEMU reaches.</summary>
    public required string Ip { get; init; }

    /// <summary>Its address on a network for migrations alone; null when it has none.</summary>
    public DedicatedAddress? Dedicated { get; init; }

    /// <summary>The pod's folder as this agent sees it.</summary>
    public required string Folder { get; init; }

    /// <summary>The pod's folder as QEMU sees it.</summary>
    public string InnerFolder { get; init; } = Types.Launcher.FolderPath;

    /// <summary>The pid of the launcher, by which the pod's network is entered; null where there is no network of its own.</summary>
    public int? LauncherPid { get; init; }

    /// <summary>The port on which the target's QEMU takes memory; free, because the pod's network is its own.</summary>
    public int MemoryPort { get; init; } = Types.MigrationModes.PortRoleMemory;

    /// <summary>The port on which the target's QEMU takes disks.</summary>
    public int BlockPort { get; init; } = Types.MigrationModes.PortRoleBlock;
}
