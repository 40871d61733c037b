namespace Godwit.Types;

/// <summary>The receiving half of a migration between clusters.</summary>
public sealed record MigrationReceive : ApiPart
{
    public string? MigrationID { get; init; }
}
