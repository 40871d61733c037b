namespace Godwit.Types;

/// <summary>Which migration goes first; only Godwit itself may set one.</summary>
public static class MigrationPriorities
{
    public const string SystemCritical = "system-critical";
    public const string UserTriggered = "user-triggered";
    public const string SystemMaintenance = "system-maintenance";

    /// <summary>The place in the queue: higher goes first, unset is last.</summary>
    public static int Rank(string? priority) => priority switch
    {
        SystemCritical => 100,
        UserTriggered => 50,
        SystemMaintenance => 20,
        _ => 0,
    };
}
