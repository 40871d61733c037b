using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Godwit.LocalCluster.Network;

/// <summary>Finds a route of the host that a range of the cluster would hide, or be hidden by.</summary>
public static class RouteOverlap
{
    /// <remarks><paramref name="routes"/> is the answer of <c>ip -json route show</c>.</remarks>
    /// <returns>A message naming both, or null.</returns>
    public static string? Find(IReadOnlyList<(string What, IPNetwork Range)> wanted, JsonArray routes, string ownBridge)
    {
        foreach (var route in routes.OfType<JsonObject>())
        {
            var destination = (string?)route["dst"];
            var device = (string?)route["dev"];
            if (destination is null or "default" || device == ownBridge || !TryParse(destination, out var existing))
            {
                continue;
            }
            foreach (var (what, range) in wanted)
            {
                if (range.Contains(existing.BaseAddress) || existing.Contains(range.BaseAddress))
                {
                    return $"{what} {range} overlaps the host's route {existing} on {device ?? "another table"}; choose another range for the cluster";
                }
            }
        }
        return null;
    }

    private static bool TryParse(string destination, out IPNetwork network)
    {
        network = default;
        if (IPAddress.TryParse(destination, out var single) && single.AddressFamily == AddressFamily.InterNetwork)
        {
            network = new IPNetwork(single, 32);
            return true;
        }
        return IPNetwork.TryParse(destination, out network) && network.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
    }
}
