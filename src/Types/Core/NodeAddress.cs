namespace Godwit.Types;

/// <summary>One address of a node.</summary>
public sealed record NodeAddress : ApiPart
{
    public string? Type { get; init; }

    public string? Address { get; init; }
}
