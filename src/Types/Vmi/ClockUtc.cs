namespace Godwit.Types;

/// <summary>The guest's clock is UTC, with an offset.</summary>
public sealed record ClockUtc : ApiPart
{
    public int? OffsetSeconds { get; init; }
}
