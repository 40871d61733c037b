namespace Godwit.LocalCluster.Objects;

/// <summary>Where a pod may, or would rather, run.</summary>
public sealed record Affinity
{
    public NodeAffinity? NodeAffinity { get; init; }
    public PodAffinity? PodAffinity { get; init; }
    public PodAffinity? PodAntiAffinity { get; init; }
}

public sealed record NodeAffinity
{
    public NodeSelector? RequiredDuringSchedulingIgnoredDuringExecution { get; init; }
    public List<PreferredNodeTerm>? PreferredDuringSchedulingIgnoredDuringExecution { get; init; }
}

/// <summary>Terms of which one must hold.</summary>
public sealed record NodeSelector
{
    public List<NodeSelectorTerm>? NodeSelectorTerms { get; init; }
}

public sealed record NodeSelectorTerm
{
    public List<NodeSelectorRequirement>? MatchExpressions { get; init; }
    public List<NodeSelectorRequirement>? MatchFields { get; init; }
}

public sealed record NodeSelectorRequirement
{
    public string Key { get; init; } = "";
    public string Operator { get; init; } = "";
    public List<string>? Values { get; init; }
}

public sealed record PreferredNodeTerm
{
    public int Weight { get; init; }
    public NodeSelectorTerm Preference { get; init; } = new();
}

public sealed record PodAffinity
{
    public List<PodAffinityTerm>? RequiredDuringSchedulingIgnoredDuringExecution { get; init; }
    public List<WeightedPodAffinityTerm>? PreferredDuringSchedulingIgnoredDuringExecution { get; init; }
}

public sealed record PodAffinityTerm
{
    public LabelQuery? LabelSelector { get; init; }
    public List<string>? Namespaces { get; init; }
    public LabelQuery? NamespaceSelector { get; init; }
    public string TopologyKey { get; init; } = "";
}

public sealed record WeightedPodAffinityTerm
{
    public int Weight { get; init; }
    public PodAffinityTerm PodAffinityTerm { get; init; } = new();
}

/// <summary>A label selector as objects carry it.</summary>
public sealed record LabelQuery
{
    public Dictionary<string, string>? MatchLabels { get; init; }
    public List<NodeSelectorRequirement>? MatchExpressions { get; init; }
}

public sealed record Toleration
{
    public string? Key { get; init; }
    public string? Operator { get; init; }
    public string? Value { get; init; }
    public string? Effect { get; init; }
    public long? TolerationSeconds { get; init; }
}

public sealed record TopologySpreadConstraint
{
    public int MaxSkew { get; init; } = 1;
    public string TopologyKey { get; init; } = "";
    public string? WhenUnsatisfiable { get; init; }
    public LabelQuery? LabelSelector { get; init; }
}
