namespace Godwit.Types;

/// <summary>Phases of a migration, in the order in which an ordinary one passes through them.</summary>
public static class MigrationPhases
{
    public const string Unset = "";
    public const string Pending = "Pending";
    public const string Scheduling = "Scheduling";
    public const string Scheduled = "Scheduled";
    public const string PreparingTarget = "PreparingTarget";
    public const string TargetReady = "TargetReady";
    public const string Running = "Running";
    public const string Succeeded = "Succeeded";
    public const string Failed = "Failed";
    public const string WaitingForSync = "WaitingForSync";
    public const string Synchronizing = "Synchronizing";
}
