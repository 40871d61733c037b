namespace Godwit.Types;

/// <summary>A condition that somebody else must set before a pod counts as ready.</summary>
public sealed record PodReadinessGate : ApiPart
{
    public string? ConditionType { get; init; }
}
