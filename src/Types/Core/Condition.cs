namespace Godwit.Types;

/// <summary>One observed aspect of an object: is it true, since when, and why.</summary>
public sealed record Condition : ApiPart
{
    public string? Type { get; init; }

    public string? Status { get; init; }

    public DateTimeOffset? LastProbeTime { get; init; }

    public DateTimeOffset? LastTransitionTime { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public long? ObservedGeneration { get; init; }
}
