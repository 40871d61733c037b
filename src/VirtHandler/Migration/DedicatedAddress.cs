using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Types;

namespace Godwit.VirtHandler.Migration;

/// <summary>A pod's address on a network for migrations alone.</summary>
/// <param name="Network"><c>NAMESPACE/NAME</c> of the network's definition.</param>
/// <param name="Address">The pod's first address there that others can reach.</param>
public sealed record DedicatedAddress(string Network, string Address)
{
    /// <summary>
    /// Reads it from the annotation in which whoever attached a pod's networks tells what came of it (Network Plumbing Working
    /// Group, multi-network specification). Null when the pod has no interface for migrations, or no address on it.
    /// </summary>
    public static DedicatedAddress? Of(IReadOnlyDictionary<string, string>? annotations)
    {
        if (annotations?.GetValueOrDefault(Annotations.NetworkStatus) is not { Length: > 0 } text)
        {
            return null;
        }

        try
        {
            var own = (JsonNode.Parse(text) as JsonArray)?.FirstOrDefault(n => (string?)n?["interface"] == Launcher.MigrationInterface);
            var address = (own?["ips"] as JsonArray ?? []).Select(ip => (string?)ip).FirstOrDefault(IsReachable);
            return address is null || (string?)own!["name"] is not { } network ? null : new DedicatedAddress(network, address);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Neither of this machine nor of one link alone.</summary>
    private static bool IsReachable(string? text)
    {
        if (!IPAddress.TryParse(text, out var address) || IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6Multicast)
        {
            return false;
        }

        var bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? !address.Equals(IPAddress.IPv6Any) : bytes[0] is not (0 or >= 224) && (bytes[0], bytes[1]) != (169, 254);
    }
}
