namespace Godwit.Types;

/// <summary>How memory is moved, and how a migration treats disks.</summary>
public static class MigrationModes
{
    public const string PreCopy = "PreCopy";
    public const string PostCopy = "PostCopy";
    public const string Paused = "Paused";

    /// <summary>Disk data is copied too.</summary>
    public const string BlockMigration = "BlockMigration";

    /// <summary>Only memory is copied; all disks are shared.</summary>
    public const string LiveMigration = "LiveMigration";

    public const string AbortSucceeded = "Succeeded";
    public const string AbortFailed = "Failed";
    public const string Aborting = "Aborting";

    /// <summary>Roles of the ports in <c>targetDirectMigrationNodePorts</c>.</summary>
    public const int PortRoleControl = 0;
    public const int PortRoleMemory = 49152;
    public const int PortRoleBlock = 49153;

    /// <summary>Where the target's agent takes over open connections, TCP; ours.</summary>
    public const int PortRoleHandover = 49154;

    /// <summary>By which open connections are carried on from pod to pod, UDP; ours.</summary>
    public const int PortRoleTunnel = 49155;
}
