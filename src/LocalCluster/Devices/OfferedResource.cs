namespace Godwit.LocalCluster.Devices;

/// <summary>How much of an extended resource the node has, and how much of that can be given away.</summary>
/// <param name="Name">The resource, DOMAIN/NAME.</param>
/// <param name="Capacity">All devices that the plug-in named last, also after it went away.</param>
/// <param name="Allocatable">Those that are healthy; none while there is no plug-in.</param>
public sealed record OfferedResource(string Name, int Capacity, int Allocatable);
