namespace Godwit.LocalCluster.Kubelet;

/// <summary>An extended resource that stands for a device node; a container that has it in its limits gets the device.</summary>
public sealed record DeviceResource(string Resource, string Path, int Count);
