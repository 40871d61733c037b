namespace Godwit.Types;

/// <summary>Node requirements and wishes of a pod.</summary>
public sealed record NodeAffinity : ApiPart
{
    public NodeSelector? RequiredDuringSchedulingIgnoredDuringExecution { get; init; }

    public IReadOnlyList<PreferredSchedulingTerm>? PreferredDuringSchedulingIgnoredDuringExecution { get; init; }
}
