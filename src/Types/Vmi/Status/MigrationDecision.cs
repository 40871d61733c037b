namespace Godwit.Types;

/// <summary>Something that the monitor decided, and why.</summary>
public sealed record MigrationDecision : ApiPart
{
    public DateTimeOffset? Time { get; init; }

    public string? Action { get; init; }

    public string? Reason { get; init; }
}
