namespace Godwit.Types;

/// <summary>The migration in the few words that a table has room for; empty when unknown.</summary>
public sealed record MigrationSummary : ApiPart
{
    public string? Source { get; init; }

    public string? Target { get; init; }

    public string? Progress { get; init; }

    public string? Rate { get; init; }

    public string? Eta { get; init; }

    public string? Pause { get; init; }
}
