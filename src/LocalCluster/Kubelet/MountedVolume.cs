namespace Godwit.LocalCluster.Kubelet;

/// <summary>A volume that is ready on the host: a folder, a file, or a block device.</summary>
public sealed record MountedVolume(string Path, bool ReadOnly = false, bool IsBlock = false);
