using System.Text.Json.Serialization;

namespace Godwit.Qemu;

/// <summary>Reply of <c>query-status</c>. The names of the states are in <see cref="RunStates"/>.</summary>
public sealed record VmStatus(string Status, bool Running);

/// <summary>Reply of <c>query-kvm</c>.</summary>
public sealed record KvmStatus(bool Enabled, bool Present);

/// <summary>One element of <c>query-block-jobs</c>.</summary>
public sealed record BlockJob(
    string Device, string Type, long Len, long Offset, bool Ready, string Status, string? Error, bool Busy, bool Paused);

/// <summary>One element of <c>query-jobs</c>.</summary>
public sealed record JobInfo(string Id, string Type, string Status, long CurrentProgress, long TotalProgress, string? Error);

/// <summary>One element of <c>query-named-block-nodes</c>; <c>Active</c> is false while an image belongs to the other side.</summary>
public sealed record BlockNode
{
    [JsonPropertyName("node-name")]
    public string? NodeName { get; init; }

    public string Drv { get; init; } = "";

    public string File { get; init; } = "";

    public bool Ro { get; init; }

    public bool Active { get; init; } = true;

    public BlockImage? Image { get; init; }
}

/// <summary>The image behind a block node.</summary>
public sealed record BlockImage
{
    public string Filename { get; init; } = "";

    public string Format { get; init; } = "";

    [JsonPropertyName("virtual-size")]
    public long VirtualSize { get; init; }

    [JsonPropertyName("actual-size")]
    public long ActualSize { get; init; }
}

/// <summary>One element of <c>query-block-exports</c>.</summary>
public sealed record BlockExport(string Id, string Type, string NodeName, bool ShuttingDown);

/// <summary>One element of <c>query-chardev</c>; the front end is the guest's side.</summary>
public sealed record CharDevice(string Label, bool FrontendOpen);

/// <summary>One element of <c>query-machines</c>.</summary>
public sealed record MachineInfo(string Name, string? Alias, int CpuMax, bool Deprecated);

/// <summary>One element of <c>query-cpu-definitions</c>: usable as it is when no feature is unavailable.</summary>
public sealed record CpuModelInfo
{
    public string Name { get; init; } = "";

    [JsonPropertyName("migration-safe")]
    public bool MigrationSafe { get; init; }

    public bool Static { get; init; }

    public bool Deprecated { get; init; }

    [JsonPropertyName("alias-of")]
    public string? AliasOf { get; init; }

    [JsonPropertyName("unavailable-features")]
    public string[] UnavailableFeatures { get; init; } = [];
}

/// <summary>Reply of <c>query-balloon</c>.</summary>
public sealed record BalloonInfo(long Actual);

/// <summary>QEMU's run states, as <c>query-status</c> names them.</summary>
public static class RunStates
{
    public const string Running = "running";
    public const string Paused = "paused";
    public const string Prelaunch = "prelaunch";
    public const string InMigrate = "inmigrate";
    public const string FinishMigrate = "finish-migrate";
    public const string PostMigrate = "postmigrate";
    public const string Shutdown = "shutdown";
    public const string InternalError = "internal-error";
    public const string IoError = "io-error";
    public const string GuestPanicked = "guest-panicked";
    public const string Suspended = "suspended";
    public const string Watchdog = "watchdog";
}
