namespace Godwit.Types;

/// <summary>What happens to a VMI when its node is to be emptied.</summary>
public static class EvictionStrategies
{
    public const string None = "None";
    public const string LiveMigrate = "LiveMigrate";
    public const string LiveMigrateIfPossible = "LiveMigrateIfPossible";
    public const string External = "External";

    public static IReadOnlyList<string> All { get; } = [None, LiveMigrate, LiveMigrateIfPossible, External];
}
