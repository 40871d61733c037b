using System.Net;

namespace Godwit.LocalCluster.Network;

/// <summary>Where one node sits: its network namespace, its veth's end on the host, its address and its pods' range.</summary>
public sealed record NodePlace(string Node, string Namespace, string HostInterface, IPAddress Address, int PrefixLength, IPNetwork Pods)
{
    /// <summary>The hardware address that the node keeps when it is off and on again, as a machine does.</summary>
    public string Mac => HardwareAddress.Of(Address);
}
