namespace Godwit.LocalCluster.Devices;

/// <summary>A device node that a plug-in gave to a container.</summary>
/// <param name="HostPath">The node on the host.</param>
/// <param name="ContainerPath">Where the container sees it.</param>
/// <param name="Permissions">What the container may do: some of <c>r</c>, <c>w</c>, <c>m</c>.</param>
public sealed record AllocatedDevice(string HostPath, string ContainerPath, string Permissions);
