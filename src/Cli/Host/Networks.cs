using System.Globalization;
using System.Net;

namespace Godwit.Cli.Host;

/// <summary>IPv4 networks of a new cluster, and whether they are free on this machine.</summary>
public static class Networks
{
    /// <summary>Networks that the machine has routes to, apart from the default route.</summary>
    public static IReadOnlyList<IPNetwork> Routed() =>
    [
        .. File.ReadLines("/proc/net/route").Skip(1)
            .Select(static line => line.Split('\t'))
            .Where(static f => f.Length > 7 && f[7] != "00000000")
            .Select(static f => new IPNetwork(Address(f[1]), BitCount(f[7]))),
    ];

    public static bool Overlap(IPNetwork a, IPNetwork b) => a.Contains(b.BaseAddress) || b.Contains(a.BaseAddress);

    /// <summary>The route that stands in the way of a network; null when none does.</summary>
    public static IPNetwork? Conflict(string cidr, IReadOnlyList<IPNetwork> routed)
    {
        var network = Parse(cidr);
        foreach (var route in routed)
        {
            if (Overlap(network, route))
            {
                return route;
            }
        }

        return null;
    }

    /// <summary>Reads a network, or says what is wrong with it.</summary>
    public static IPNetwork Parse(string cidr) => IPNetwork.TryParse(cidr, out var network)
        ? network
        : throw new CliException($"\"{cidr}\" is not an IPv4 network.", "Write it as 10.99.0.0/24.");

    /// <summary>The first free triple of node, pod and service networks under 10.0.0.0/8, from the top.</summary>
    public static (string Node, string Pod, string Service) Free(IReadOnlyList<IPNetwork> routed)
    {
        for (var third = 99; third > 30; third -= 3)
        {
            string[] cidrs = [$"10.{third}.0.0/24", $"10.{third - 1}.0.0/16", $"10.{third - 2}.0.0/16"];
            if (cidrs.All(c => Conflict(c, routed) is null))
            {
                return (cidrs[0], cidrs[1], cidrs[2]);
            }
        }

        throw new CliException("No free networks were found under 10.0.0.0/8.", "Name them with --node-cidr, --pod-cidr and --service-cidr.");
    }

    private static IPAddress Address(string hex) =>
        new(uint.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private static int BitCount(string hex) =>
        System.Numerics.BitOperations.PopCount(uint.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
