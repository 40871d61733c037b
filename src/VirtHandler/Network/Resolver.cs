using System.Net;
using System.Net.Sockets;

namespace Godwit.VirtHandler.Network;

/// <summary>The name servers and search domains of a resolv.conf that a guest behind a masquerade can use.</summary>
public sealed record Resolver(IReadOnlyList<string> Nameservers, IReadOnlyList<string> SearchDomains)
{
    /// <summary>Leaves out IPv6 and loopback servers: the guest's own loopback is not the pod's.</summary>
    public static Resolver Parse(string text)
    {
        var servers = new List<string>();
        var domains = new List<string>();
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words is ["nameserver", var server, ..] && IPAddress.TryParse(server, out var address)
                && address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address))
            {
                servers.Add(server);
            }
            else if (words is ["search", .. var names])
            {
                domains = [.. names.Where(name => name != ".")];
            }
        }

        return new Resolver(servers, domains);
    }
}
