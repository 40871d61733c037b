namespace Godwit.Types;

/// <summary>
/// The channel by which the target fetches what is still at the source, in post-copy. While it is broken the guest stands
/// still as soon as it touches a page that has not come; it is made again until it works.
/// </summary>
public sealed record MigrationChannel : ApiPart
{
    public const string Open = "Open";
    public const string Broken = "Broken";

    /// <summary><see cref="Open"/> or <see cref="Broken"/>.</summary>
    public string? State { get; init; }

    /// <summary>How often it has broken in this migration.</summary>
    public int? Breaks { get; init; }

    /// <summary>Since when it is in this state.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>What broke it, as far as QEMU says so.</summary>
    public string? Reason { get; init; }
}
