using System.Text.Json.Serialization;

namespace Godwit.LocalCluster.Objects;

/// <summary>A volume of a pod; exactly one source is set.</summary>
public sealed record Volume
{
    public string Name { get; init; } = "";
    public EmptyDirSource? EmptyDir { get; init; }
    public ConfigMapSource? ConfigMap { get; init; }
    public SecretSource? Secret { get; init; }
    [JsonPropertyName("downwardAPI")]
    public DownwardApiSource? DownwardApi { get; init; }
    public ProjectedSource? Projected { get; init; }
    public HostPathSource? HostPath { get; init; }
    public ClaimSource? PersistentVolumeClaim { get; init; }
    public ImageSource? Image { get; init; }
}

public sealed record EmptyDirSource
{
    public string? Medium { get; init; }
    public string? SizeLimit { get; init; }
}

public sealed record ConfigMapSource
{
    public string Name { get; init; } = "";
    public List<KeyToPath>? Items { get; init; }
    public int? DefaultMode { get; init; }
    public bool? Optional { get; init; }
}

public sealed record SecretSource
{
    public string SecretName { get; init; } = "";
    public List<KeyToPath>? Items { get; init; }
    public int? DefaultMode { get; init; }
    public bool? Optional { get; init; }
}

public sealed record KeyToPath
{
    public string Key { get; init; } = "";
    public string Path { get; init; } = "";
    public int? Mode { get; init; }
}

public sealed record DownwardApiSource
{
    public List<DownwardApiFile>? Items { get; init; }
    public int? DefaultMode { get; init; }
}

public sealed record DownwardApiFile
{
    public string Path { get; init; } = "";
    public ObjectFieldReference? FieldRef { get; init; }
    public ResourceFieldReference? ResourceFieldRef { get; init; }
    public int? Mode { get; init; }
}

public sealed record ProjectedSource
{
    public List<Projection>? Sources { get; init; }
    public int? DefaultMode { get; init; }
}

/// <summary>One source of a projected volume.</summary>
public sealed record Projection
{
    public ProjectedObject? ConfigMap { get; init; }
    public ProjectedObject? Secret { get; init; }
    [JsonPropertyName("downwardAPI")]
    public DownwardApiSource? DownwardApi { get; init; }
    public TokenProjection? ServiceAccountToken { get; init; }
}

public sealed record ProjectedObject
{
    public string Name { get; init; } = "";
    public List<KeyToPath>? Items { get; init; }
    public bool? Optional { get; init; }
}

public sealed record TokenProjection
{
    public string? Audience { get; init; }
    public long? ExpirationSeconds { get; init; }
    public string Path { get; init; } = "";
}

public sealed record HostPathSource
{
    public string Path { get; init; } = "";
    public string? Type { get; init; }
}

public sealed record ClaimSource
{
    public string ClaimName { get; init; } = "";
    public bool? ReadOnly { get; init; }
}

public sealed record ImageSource
{
    public string Reference { get; init; } = "";
    public string? PullPolicy { get; init; }
}
