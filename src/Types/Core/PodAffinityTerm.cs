namespace Godwit.Types;

/// <summary>Relates a pod to other pods within one topology.</summary>
public sealed record PodAffinityTerm : ApiPart
{
    public LabelSelectorSpec? LabelSelector { get; init; }

    public IReadOnlyList<string>? Namespaces { get; init; }

    public LabelSelectorSpec? NamespaceSelector { get; init; }

    public string? TopologyKey { get; init; }
}
