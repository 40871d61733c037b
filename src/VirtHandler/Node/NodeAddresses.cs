using System.Net;
using System.Net.NetworkInformation;

namespace Godwit.VirtHandler.Node;

/// <summary>Where an agent can be reached.</summary>
internal static class NodeAddresses
{
    /// <summary>The node's address, where it is an address of this machine's own network namespace.</summary>
    public static IPAddress? Own(Types.Node node)
    {
        var address = node.Status?.Addresses?.FirstOrDefault(static a => a.Type == "InternalIP")?.Address;
        return IPAddress.TryParse(address, out var parsed)
            && NetworkInterface.GetAllNetworkInterfaces().Any(card => card.GetIPProperties().UnicastAddresses.Any(own => own.Address.Equals(parsed)))
            ? parsed
            : null;
    }
}
