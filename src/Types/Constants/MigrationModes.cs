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
}
