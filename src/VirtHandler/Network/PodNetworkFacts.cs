namespace Godwit.VirtHandler.Network;

/// <summary>A pod's network as found: its addresses, devices, and which of our rules and servers are there already.</summary>
public sealed record PodNetworkFacts(IReadOnlyList<PodLink> Links, string? PodAddress, IReadOnlyList<string> BridgeAddresses, bool HasRules, bool HasDhcp)
{
    /// <summary>The device that the cluster's network gave the pod.</summary>
    public PodLink? Uplink => Links.FirstOrDefault(link => link.Name == PodWiring.UplinkName);
}
