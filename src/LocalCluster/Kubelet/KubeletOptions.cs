using Godwit.LocalCluster.Network;

namespace Godwit.LocalCluster.Kubelet;

/// <summary>What a node is and has.</summary>
public sealed record KubeletOptions
{
    public required string ClusterName { get; init; }

    /// <summary>The cluster's state folder; the node's own is <c>nodes/NODE</c> below it.</summary>
    public required string StateDirectory { get; init; }

    public required NodePlace Place { get; init; }

    /// <summary>The host's address as pods see it.</summary>
    public required string Gateway { get; init; }

    /// <summary>CPU, memory and pods that the node offers.</summary>
    public required IReadOnlyDictionary<string, string> Capacity { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public string Version { get; init; } = "v1.33.0";

    public TimeSpan LeaseRenewal { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan StatusRenewal { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often every pod is looked at though nothing happened: what a lost notice costs at most.</summary>
    public TimeSpan Resync { get; init; } = TimeSpan.FromSeconds(20);

    public long LogRotationBytes { get; init; } = 10 * 1024 * 1024;

    public string NodeName => Place.Node;
}
