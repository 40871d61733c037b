namespace Godwit.Types;

/// <summary>Where a pod must, may or must not be placed.</summary>
public sealed record Affinity : ApiPart
{
    public NodeAffinity? NodeAffinity { get; init; }

    public PodAffinity? PodAffinity { get; init; }

    public PodAntiAffinity? PodAntiAffinity { get; init; }
}
