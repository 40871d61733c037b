namespace Godwit.Types;

/// <summary>Neighbours that a pod needs or would like.</summary>
public sealed record PodAffinity : ApiPart
{
    public IReadOnlyList<PodAffinityTerm>? RequiredDuringSchedulingIgnoredDuringExecution { get; init; }

    public IReadOnlyList<WeightedPodAffinityTerm>? PreferredDuringSchedulingIgnoredDuringExecution { get; init; }
}
