namespace Godwit.Cli.Host;

/// <summary>What <c>godwit up</c> decided about the cluster; every process of it reads this.</summary>
public sealed record ClusterSettings
{
    public string Name { get; init; } = "godwit";

    public IReadOnlyList<string> Nodes { get; init; } = ["node01", "node02"];

    public int ApiPort { get; init; } = 6443;

    public int WebhookPort { get; init; } = 9443;

    /// <summary>Port of virt-controller's metrics, on loopback.</summary>
    public int MetricsPort { get; init; } = 8443;

    public string NodeCidr { get; init; } = "10.99.0.0/24";

    public string PodCidr { get; init; } = "10.98.0.0/16";

    public string ServiceCidr { get; init; } = "10.97.0.0/16";

    public string BinDir { get; init; } = AppContext.BaseDirectory;

    public string? NodeMemory { get; init; }

    public int NodeCpus { get; init; } = 2;

    /// <summary>A node whose kubelet is silent for so long counts as lost, in seconds.</summary>
    public int NodeMonitorGraceSeconds { get; init; } = 40;

    /// <summary>A Kubernetes alone, without Godwit in it; the nodes have its images.</summary>
    public bool Bare { get; init; }
}
