namespace Godwit.Types;

/// <summary>
/// The channel by which the target fetches what is still at the source, in post-copy. While it is broken the guest stands
/// still as soon as it touches a page that has not come; it is made again until it works, or until what it would fetch is lost.
/// </summary>
public sealed record MigrationChannel : ApiPart
{
    public const string Open = "Open";
    public const string Broken = "Broken";

    /// <summary>The source's QEMU has ended with what was still to be fetched from it.</summary>
    public const string Lost = "Lost";

    /// <summary><see cref="Open"/>, <see cref="Broken"/> or <see cref="Lost"/>.</summary>
    public string? State { get; init; }

    /// <summary>How often it has broken in this migration.</summary>
    public int? Breaks { get; init; }

    /// <summary>Since when it is in this state.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>What broke it, as far as QEMU says so.</summary>
    public string? Reason { get; init; }
}
