namespace Godwit.LocalCluster.Kubelet;

/// <summary>The pod asks for something that is not there or not possible; becomes the container's waiting reason.</summary>
public sealed class PodConfigException(string reason, string message) : Exception(message)
{
    public string Reason { get; } = reason;
}
