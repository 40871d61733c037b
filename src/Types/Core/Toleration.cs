namespace Godwit.Types;

/// <summary>A taint that a pod puts up with.</summary>
public sealed record Toleration : ApiPart
{
    public string? Key { get; init; }

    public string? Operator { get; init; }

    public string? Value { get; init; }

    public string? Effect { get; init; }

    public long? TolerationSeconds { get; init; }
}
