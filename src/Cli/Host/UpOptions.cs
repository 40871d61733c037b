namespace Godwit.Cli.Host;

/// <summary>What the user said about the cluster to start; null where nothing was said.</summary>
public sealed record UpOptions
{
    public int? Nodes { get; init; }

    public string? Name { get; init; }

    public int? Port { get; init; }

    public int? WebhookPort { get; init; }

    public string? NodeCidr { get; init; }

    public string? PodCidr { get; init; }

    public string? ServiceCidr { get; init; }

    /// <summary>Seconds after which a silent node counts as lost.</summary>
    public int? NodeMonitorGraceSeconds { get; init; }

    /// <summary>Choose free ports and networks where nothing was said.</summary>
    public bool Auto { get; init; }

    /// <summary>Without Godwit in it.</summary>
    public bool Bare { get; init; }

    public bool Yes { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);
}
