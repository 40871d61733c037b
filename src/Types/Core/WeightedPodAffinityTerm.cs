namespace Godwit.Types;

/// <summary>A wish about neighbours, with its weight.</summary>
public sealed record WeightedPodAffinityTerm : ApiPart
{
    public int? Weight { get; init; }

    public PodAffinityTerm? PodAffinityTerm { get; init; }
}
