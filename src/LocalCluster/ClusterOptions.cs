using System.Net;

namespace Godwit.LocalCluster;

/// <summary>What <c>cluster.json</c> says, and what tests set instead.</summary>
public sealed record ClusterOptions
{
    /// <summary>Folder of everything that lives on: store, keys, logs, node folders.</summary>
    public required string StateDirectory { get; init; }

    public string Name { get; init; } = "godwit";

    public IReadOnlyList<string> Nodes { get; init; } = ["node01", "node02"];

    /// <summary>0: any free port.</summary>
    public int ApiPort { get; init; } = 6443;

    /// <summary>Where the API server listens besides loopback; addresses that do not exist yet are allowed.</summary>
    public IReadOnlyList<IPAddress> ExtraAddresses { get; init; } = [];

    public int WebhookPort { get; init; } = 9443;

    public string NodeCidr { get; init; } = "10.99.0.0/24";

    public string PodCidr { get; init; } = "10.98.0.0/16";

    public string ServiceCidr { get; init; } = "10.97.0.0/16";

    /// <summary>Folder of the published binaries, with <c>deploy/</c> in it.</summary>
    public string? BinDirectory { get; init; }

    /// <summary>A quantity such as <c>4194304Ki</c>; null: what the machine has, shared by the nodes.</summary>
    public string? NodeMemory { get; init; }

    public int? NodeCpus { get; init; }

    /// <summary>A node whose kubelet is silent for so long counts as lost; kube-controller-manager's node-monitor-grace-period.</summary>
    public TimeSpan NodeMonitorGracePeriod { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>How long a namespace that is being deleted stays as it is, so that who watches can see it go; as long as on a real cluster.</summary>
    public TimeSpan NamespaceGrace { get; init; } = TimeSpan.FromSeconds(5);
}
