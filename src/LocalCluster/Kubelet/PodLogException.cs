namespace Godwit.LocalCluster.Kubelet;

/// <summary>A log was asked for that does not exist (yet).</summary>
public sealed class PodLogException(string message) : Exception(message);
