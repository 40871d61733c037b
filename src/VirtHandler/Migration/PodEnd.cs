namespace Godwit.VirtHandler.Migration;

/// <summary>One end of a migration, as the network knows it.</summary>
/// <param name="Ip">The pod's address on the cluster's own network.</param>
/// <param name="Ips">All its addresses there, that one first.</param>
/// <param name="Dedicated">Its address on a network for migrations alone; null when it has none.</param>
public sealed record PodEnd(string Ip, IReadOnlyList<string> Ips, DedicatedAddress? Dedicated);
