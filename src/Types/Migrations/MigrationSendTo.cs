namespace Godwit.Types;

/// <summary>The sending half of a migration between clusters.</summary>
public sealed record MigrationSendTo : ApiPart
{
    public string? MigrationID { get; init; }

    public string? ConnectURL { get; init; }
}
