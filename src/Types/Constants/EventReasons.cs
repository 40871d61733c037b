namespace Godwit.Types;

/// <summary>Reasons of events on VMIs and migrations.</summary>
public static class EventReasons
{
    public const string Normal = "Normal";
    public const string Warning = "Warning";

    public const string SuccessfulCreate = "SuccessfulCreate";
    public const string FailedCreate = "FailedCreate";
    public const string SuccessfulDelete = "SuccessfulDelete";
    public const string FailedDelete = "FailedDelete";
    public const string SuccessfulPaused = "SuccessfulPaused";
    public const string SuccessfulResumed = "SuccessfulResumed";
    public const string SuccessfulHandOver = "SuccessfulHandOver";
    public const string FailedHandOver = "FailedHandOver";
    public const string SuccessfulMigration = "SuccessfulMigration";
    public const string FailedMigration = "FailedMigration";
    public const string SuccessfulAbortMigration = "SuccessfulAbortMigration";
    public const string FailedAbortMigration = "FailedAbortMigration";
    public const string MigrationTargetPodUnschedulable = "migrationTargetPodUnschedulable";
    public const string MigrationBackoff = "MigrationBackoff";
    public const string NoSuitableNodesForHostModelMigration = "NoSuitableNodesForHostModelMigration";
    public const string PreparingTarget = "PreparingTarget";
    public const string Migrating = "Migrating";
    public const string Migrated = "Migrated";

    /// <summary>What the migration monitor decided, and why; ours.</summary>
    public const string MigrationDecision = "MigrationDecision";

    /// <summary>Post-copy's channel broke and is made again; ours.</summary>
    public const string PostCopyPaused = "PostCopyPaused";

    /// <summary>Post-copy's channel works again; ours.</summary>
    public const string PostCopyRecovered = "PostCopyRecovered";

    /// <summary>Connections that were open when a guest moved were cut off; ours.</summary>
    public const string ForwardingEnded = "ForwardingEnded";

    /// <summary>The pod that the guest has left carries its old connections; ours.</summary>
    public const string Forwarding = "Forwarding";
    public const string Created = "Created";
    public const string Started = "Started";
    public const string ShuttingDown = "ShuttingDown";
    public const string Deleted = "Deleted";
    public const string Stopped = "Stopped";
    public const string Resumed = "Resumed";
    public const string Paused = "Paused";
    public const string Unpaused = "Unpaused";
    public const string Reset = "Reset";
    public const string SyncFailed = "SyncFailed";
    public const string FailedPvcNotFound = "FailedPvcNotFound";
    public const string InvalidConfiguration = "InvalidConfiguration";
    public const string ConfigurationMended = "ConfigurationMended";
    public const string NodeUnresponsive = "NodeUnresponsive";
}
