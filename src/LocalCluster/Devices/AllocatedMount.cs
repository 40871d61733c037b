namespace Godwit.LocalCluster.Devices;

/// <summary>A file or folder of the host that a plug-in gave to a container.</summary>
public sealed record AllocatedMount(string HostPath, string ContainerPath, bool ReadOnly);
