namespace Godwit.LocalCluster.Kubelet;

/// <summary>A volume that is ready on the host.</summary>
public sealed record MountedVolume(string Path, bool ReadOnly = false);
