namespace Godwit.Qemu;

/// <summary>What a launcher tells about its QEMU. The pid is as the launcher sees it, inside its own pid namespace.</summary>
public sealed record LauncherStatus
{
    public int? QemuPid { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public int? ExitCode { get; init; }

    public int? Signal { get; init; }

    /// <summary>Null while QEMU runs; then one of <see cref="LauncherReasons"/>.</summary>
    public string? Reason { get; init; }

    /// <summary>One sentence for people.</summary>
    public string? Message { get; init; }

    public static LauncherStatus? Read(string folder) =>
        AtomicFile.Read(Path.Combine(folder, DomainFolder.Status), QemuJson.Default.LauncherStatus);

    public void Write(string folder) =>
        AtomicFile.Write(Path.Combine(folder, DomainFolder.Status), this, QemuJson.Default.LauncherStatus);
}

/// <summary>Why a launcher's QEMU ended.</summary>
public static class LauncherReasons
{
    /// <summary>The guest powered itself off, or heeded the power button.</summary>
    public const string Shutdown = "Shutdown";

    /// <summary>QEMU failed to start, or ended without being asked.</summary>
    public const string Crashed = "Crashed";

    /// <summary>The guest did not heed the power button in time.</summary>
    public const string Killed = "Killed";

    /// <summary>The guest lives elsewhere.</summary>
    public const string Migrated = "Migrated";

    /// <summary>The launcher was told to end before there was a guest.</summary>
    public const string NotStarted = "NotStarted";
}
