namespace Godwit.LocalCluster.Kubelet;

/// <summary>A volume of a pod cannot be made ready (yet); the message is for the <c>FailedMount</c> event.</summary>
public sealed class VolumeException(string message) : Exception(message);
