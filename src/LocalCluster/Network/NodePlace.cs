using System.Net;

namespace Godwit.LocalCluster.Network;

/// <summary>Where one node sits: its network namespace, its veth's end on the host, its address and its pods' range.</summary>
public sealed record NodePlace(string Node, string Namespace, string HostInterface, IPAddress Address, int PrefixLength, IPNetwork Pods);
