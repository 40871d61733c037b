namespace Godwit.Types;

/// <summary>When a phase was entered first.</summary>
public sealed record PhaseTransition : ApiPart
{
    public string? Phase { get; init; }

    public DateTimeOffset? PhaseTransitionTimestamp { get; init; }
}
