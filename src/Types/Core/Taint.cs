namespace Godwit.Types;

/// <summary>Keeps pods off a node unless they tolerate it.</summary>
public sealed record Taint : ApiPart
{
    public string? Key { get; init; }

    public string? Value { get; init; }

    public string? Effect { get; init; }

    public DateTimeOffset? TimeAdded { get; init; }
}
