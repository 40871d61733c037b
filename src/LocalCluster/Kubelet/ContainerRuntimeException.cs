namespace Godwit.LocalCluster.Kubelet;

/// <summary>runc or conmon refused; the message is theirs, for the container's status.</summary>
public sealed class ContainerRuntimeException(string message) : Exception(message);
