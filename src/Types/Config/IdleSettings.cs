namespace Godwit.Types;

/// <summary>Migration settings of KubeVirt that are stored and change nothing here. Whoever sets one is told so.</summary>
public static class IdleSettings
{
    /// <summary>A sentence for each that is set, shown as an admission warning.</summary>
    /// <param name="settings">What is being written.</param>
    /// <param name="path">Where it is written.</param>
    public static IReadOnlyList<string> Warnings(MigrationConfiguration? settings, string path)
    {
        (string Field, bool Set, string Why)[] idle =
        [
            ("utilityVolumesTimeout", settings?.UtilityVolumesTimeout is not null, "there are no utility volumes to wait for"),
            ("unsafeMigrationOverride", settings?.UnsafeMigrationOverride is true, "disks that are not shared are copied, whatever their cache"),
            ("matchSELinuxLevelOnMigration", settings?.MatchSELinuxLevelOnMigration is not null, "target pods get no SELinux level of their own"),
            ("experimental", settings?.Experimental is not null, "the monitor decides by progressTimeout, completionTimeoutPerGiB and maxDowntimeMs"),
        ];
        return [.. idle.Where(static setting => setting.Set).Select(setting => $"{path}.{setting.Field} has no effect: {setting.Why}")];
    }
}
