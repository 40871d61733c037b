namespace Godwit.LocalCluster.Kubelet;

/// <summary>A device node that a container gets.</summary>
public sealed record OciDevice(string Path, char Type, long Major, long Minor);
