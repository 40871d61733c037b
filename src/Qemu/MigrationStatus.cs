using System.Text.Json.Serialization;

namespace Godwit.Qemu;

/// <summary>
/// Reply of <c>query-migrate</c>. It describes the latest migration of this QEMU, in or out: a guest that came by
/// migration still answers <c>completed</c> before it has ever been sent on.
/// </summary>
public sealed record MigrationStatus
{
    /// <summary>Null on a QEMU that has never migrated; else one of <see cref="MigrationStates"/>.</summary>
    public string? Status { get; init; }

    /// <summary>Milliseconds since the start.</summary>
    public long TotalTime { get; init; }

    public long SetupTime { get; init; }

    /// <summary>Milliseconds that the guest stood still, by QEMU's own account; after completion.</summary>
    public long? Downtime { get; init; }

    /// <summary>Milliseconds that the guest would stand still if it were stopped now; while active.</summary>
    public long? ExpectedDowntime { get; init; }

    public string? ErrorDesc { get; init; }

    public RamStatus? Ram { get; init; }

    public int? CpuThrottlePercentage { get; init; }

    public SocketAddress[] SocketAddress { get; init; } = [];

    /// <summary>The TCP port that an incoming migration listens on, when it does.</summary>
    [JsonIgnore]
    public int? TcpPort => SocketAddress.FirstOrDefault(a => a.Type == "inet")?.Port is { } port
        && int.TryParse(port, out var number)
        ? number
        : null;
}

/// <summary>The memory part of <see cref="MigrationStatus"/>.</summary>
public sealed record RamStatus
{
    public long Total { get; init; }

    public long Remaining { get; init; }

    public long Transferred { get; init; }

    public long Normal { get; init; }

    public long Duplicate { get; init; }

    /// <summary>Number of passes over memory begun so far.</summary>
    public long DirtySyncCount { get; init; }

    /// <summary>Pages a second; it saturates at the number of distinct pages of a pass.</summary>
    public long DirtyPagesRate { get; init; }

    public long PagesPerSecond { get; init; }

    /// <summary>Megabits a second.</summary>
    public double Mbps { get; init; }

    public long PageSize { get; init; } = 4096;

    public long MultifdBytes { get; init; }

    public long PrecopyBytes { get; init; }

    public long PostcopyBytes { get; init; }

    public long PostcopyRequests { get; init; }

    public long DowntimeBytes { get; init; }
}

/// <summary>An address that QEMU listens on.</summary>
public sealed record SocketAddress(string Type, string? Host, string? Port, string? Path);

/// <summary>The states of a migration, as QEMU names them. Treat one that is not here as "in progress".</summary>
public static class MigrationStates
{
    public const string None = "none";
    public const string Setup = "setup";
    public const string Active = "active";
    public const string PreSwitchover = "pre-switchover";
    public const string Device = "device";
    public const string PostcopyActive = "postcopy-active";
    public const string PostcopyPaused = "postcopy-paused";
    public const string PostcopyRecover = "postcopy-recover";
    public const string PostcopyRecoverSetup = "postcopy-recover-setup";
    public const string Completed = "completed";
    public const string Failed = "failed";
    public const string Cancelling = "cancelling";
    public const string Cancelled = "cancelled";

    /// <summary>True for a state that will not change by itself.</summary>
    public static bool IsFinal(string? status) => status is Completed or Failed or Cancelled;
}
