namespace Godwit.Types;

/// <summary>Neighbours that a pod must not or would rather not have.</summary>
public sealed record PodAntiAffinity : ApiPart
{
    public IReadOnlyList<PodAffinityTerm>? RequiredDuringSchedulingIgnoredDuringExecution { get; init; }

    public IReadOnlyList<WeightedPodAffinityTerm>? PreferredDuringSchedulingIgnoredDuringExecution { get; init; }
}
