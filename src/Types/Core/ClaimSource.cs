namespace Godwit.Types;

/// <summary>A persistent volume claim of the same namespace.</summary>
public sealed record ClaimSource : ApiPart
{
    public string? ClaimName { get; init; }

    public bool? ReadOnly { get; init; }
}
