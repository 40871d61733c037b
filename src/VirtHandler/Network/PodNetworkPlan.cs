using System.Text;
using Godwit.Types;

namespace Godwit.VirtHandler.Network;

/// <summary>What is still missing in a pod's network, as input for ip and nft. Pure: facts and wiring in, text out.</summary>
public sealed record PodNetworkPlan(string IpBatch, string? Rules, IReadOnlyList<string>? DhcpArguments)
{
    /// <summary>Our nat and filter rules live in one table, so that a restart sees at once whether they are there.</summary>
    public const string TableName = "godwit";

    /// <summary>Connections of a migration into this pod: they are for QEMU, not for the guest.</summary>
    public const string MigrationSet = "migration";

    /// <summary>Room for a tunnel's headers, so that a connection carried over to another pod needs no fragments.</summary>
    private const int TunnelRoom = 90;
    private const int GuestMetric = 1000;

    /// <summary>A guest's flow that left by the tunnel's port would have its answers taken for the tunnel's while open connections are forwarded.</summary>
    private static readonly string PortsBelowTheTunnels = $":32768-{MigrationModes.PortRoleMemory - 1}";

    public static PodNetworkPlan Decide(PodNetworkFacts facts, PodWiring wiring)
    {
        if (facts.Uplink is not { } uplink)
        {
            throw new InvalidOperationException($"the pod has no network device {PodWiring.UplinkName}");
        }

        return new PodNetworkPlan(
            Batch(facts, wiring, uplink.Mtu),
            facts.HasRules ? null : RuleText(wiring, uplink.Mtu),
            facts.HasDhcp ? null : DnsmasqArguments(wiring, uplink.Mtu));
    }

    private static string Batch(PodNetworkFacts facts, PodWiring wiring, int mtu)
    {
        var batch = new StringBuilder();
        var subnet = wiring.Subnet;
        var bridge = facts.Links.FirstOrDefault(link => link.Name == PodWiring.BridgeName);
        var tap = facts.Links.FirstOrDefault(link => link.Name == PodWiring.TapName);
        if (bridge is null)
        {
            Line($"link add name {PodWiring.BridgeName} address {PodWiring.BridgeMac} mtu {mtu} type bridge stp_state 0 forward_delay 0");
        }

        if (!facts.BridgeAddresses.Contains(subnet.Gateway))
        {
            Line($"address add {subnet.Gateway}/{subnet.PrefixLength} brd + dev {PodWiring.BridgeName} noprefixroute");
        }

        if (bridge is not { Up: true })
        {
            Line($"link set {PodWiring.BridgeName} up");
        }

        if (tap is null)
        {
            // Its owner may open it without any capability.
            Line($"tuntap add dev {PodWiring.TapName} mode tap user {Launcher.UserId}{(wiring.MultiQueue ? " multi_queue" : "")}");
        }

        if (tap is not { Up: true, Master: PodWiring.BridgeName, QueueLength: PodWiring.TapQueueLength } || tap.Mtu != mtu)
        {
            Line($"link set {PodWiring.TapName} mtu {mtu} txqueuelen {PodWiring.TapQueueLength} master {PodWiring.BridgeName} up");
        }

        // The guest alone, not its subnet: pods may have addresses in it (10.0.2.0/24 is in many a cluster's 10.0.0.0/8), this pod's next
        // target among them. Least preferred: a tunnel to where the guest goes on to comes before it.
        Line($"route replace {subnet.Guest}/32 dev {PodWiring.BridgeName} src {subnet.Gateway} metric {GuestMetric}");

        // A guest that stands still answers no ARP; its entry must not expire meanwhile.
        Line($"neighbour replace {subnet.Guest} lladdr {wiring.GuestMac} dev {PodWiring.BridgeName} nud permanent");
        return batch.ToString();

        void Line(string text) => batch.Append(text).Append('\n');
    }

    private static string RuleText(PodWiring wiring, int mtu)
    {
        var subnet = wiring.Subnet;
        var mss = mtu - TunnelRoom;
        var inbound = string.Join("\n    ", Forwarded(wiring).Select(match => $"iifname \"{PodWiring.UplinkName}\" {match}dnat to {subnet.Guest}"));
        var loopback = string.Join("\n    ", Forwarded(wiring).Select(match => $"ip daddr 127.0.0.1 {match}dnat to {subnet.Guest}"));
        return $$"""
            table ip {{TableName}} {
              set {{MigrationSet}} {
                type ipv4_addr . inet_service
              }
              chain prerouting {
                type nat hook prerouting priority -100;
                iifname "{{PodWiring.UplinkName}}" ip saddr . tcp dport @{{MigrationSet}} accept
                iifname "{{PodWiring.UplinkName}}" udp dport {{MigrationModes.PortRoleTunnel}} accept
                {{inbound}}
              }
              chain output {
                type nat hook output priority -100;
                {{loopback}}
              }
              chain postrouting {
                type nat hook postrouting priority 100;
                oifname "{{PodWiring.UplinkName}}" ip saddr {{subnet.Guest}} udp sport {{MigrationModes.PortRoleTunnel}} masquerade to {{PortsBelowTheTunnels}}
                oifname "{{PodWiring.UplinkName}}" ip saddr {{subnet.Guest}} masquerade
                oifname "{{PodWiring.BridgeName}}" ip saddr 127.0.0.1 snat to {{subnet.Gateway}}
              }
              chain forward {
                type filter hook forward priority -150;
                iifname "{{Launcher.MigrationInterface}}" drop
                oifname "{{Launcher.MigrationInterface}}" drop
                tcp flags & (syn|rst) == syn tcp option maxseg size > {{mss}} tcp option maxseg size set {{mss}}
              }
            }

            """;
    }

    private static IEnumerable<string> Forwarded(PodWiring wiring)
    {
        if (wiring.AllPorts)
        {
            yield return "";
            yield break;
        }

        if (wiring.TcpPorts.Count > 0)
        {
            yield return $"tcp dport {{ {string.Join(", ", wiring.TcpPorts)} }} ";
        }

        if (wiring.UdpPorts.Count > 0)
        {
            yield return $"udp dport {{ {string.Join(", ", wiring.UdpPorts)} }} ";
        }
    }

    private static List<string> DnsmasqArguments(PodWiring wiring, int mtu)
    {
        var subnet = wiring.Subnet;
        List<string> arguments =
        [
            "--conf-file=/dev/null", "--port=0", "--no-hosts", "--no-resolv", "--no-ping", "--leasefile-ro", "--user=nobody",
            $"--interface={PodWiring.BridgeName}", "--except-interface=lo", "--bind-interfaces", "--dhcp-authoritative",
            $"--dhcp-range={subnet.Guest},{subnet.Guest},{subnet.Netmask},infinite",
            $"--dhcp-host={wiring.GuestMac},{subnet.Guest},{(wiring.Hostname is { } name ? name + "," : "")}infinite",
            $"--dhcp-option=option:router,{subnet.Gateway}",
            $"--dhcp-option=option:mtu,{mtu}",
        ];
        if (wiring.Nameservers.Count > 0)
        {
            arguments.Add($"--dhcp-option=option:dns-server,{string.Join(',', wiring.Nameservers)}");
        }

        if (wiring.SearchDomains.Count > 0)
        {
            arguments.Add($"--dhcp-option=option:domain-search,{string.Join(',', wiring.SearchDomains)}");
        }

        return arguments;
    }
}
