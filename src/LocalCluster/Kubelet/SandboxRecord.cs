namespace Godwit.LocalCluster.Kubelet;

/// <summary>A pod's network as it lies on disk, beside the pod it was made for.</summary>
public sealed record SandboxRecord
{
    public required string PodUid { get; init; }
    public required string Namespace { get; init; }
    public required string Pod { get; init; }
    public required string NetworkNamespace { get; init; }
    public string? Address { get; init; }
    public bool HostNetwork { get; init; }

    /// <summary>Its interfaces, the main one first.</summary>
    public IReadOnlyList<AttachedNetwork>? Networks { get; init; }
}
