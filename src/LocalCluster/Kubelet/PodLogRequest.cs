namespace Godwit.LocalCluster.Kubelet;

/// <summary>Which log, and which part of it. The container's name is already resolved and known to exist in the pod.</summary>
public sealed record PodLogRequest(string Namespace, string Pod, string PodUid, string Node, string Container)
{
    public bool Follow { get; init; }
    public bool Previous { get; init; }
    public bool Timestamps { get; init; }
    public long? TailLines { get; init; }
    public DateTimeOffset? Since { get; init; }
    public long? LimitBytes { get; init; }
}
