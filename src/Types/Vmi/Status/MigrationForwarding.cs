namespace Godwit.Types;

/// <summary>
/// What becomes of the connections that were open when the guest moved: the source pod stays behind as their forwarder until they have ended.
/// </summary>
public sealed record MigrationForwarding : ApiPart
{
    /// <summary>The way to the target is open and tested; nothing goes over it yet.</summary>
    public const string Prepared = "Prepared";

    /// <summary>The guest has moved, and the source pod carries its old connections.</summary>
    public const string Forwarding = "Forwarding";

    /// <summary>It is over; <see cref="Reason"/> says why.</summary>
    public const string Ended = "Ended";

    /// <summary>The guest moves without; <see cref="Reason"/> says why.</summary>
    public const string Unavailable = "Unavailable";

    /// <summary><c>Prepared</c>, <c>Forwarding</c>, <c>Ended</c> or <c>Unavailable</c>.</summary>
    public string? State { get; init; }

    /// <summary>Connections that are still open; when it has ended, those that were cut off.</summary>
    public int? Flows { get; init; }

    /// <summary>Bytes carried so far, both ways.</summary>
    public long? Bytes { get; init; }

    /// <summary>Since when it is in this state.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>When what is still open then will be ended.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Why it ended, or why there is none.</summary>
    public string? Reason { get; init; }
}
