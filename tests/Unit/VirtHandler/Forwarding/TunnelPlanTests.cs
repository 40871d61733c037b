using System.Net;
using Godwit.VirtHandler.Forwarding;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class TunnelPlanTests
{
    [Fact]
    public void The_end_in_the_pod_that_the_guest_leaves_changes_no_packets_way_yet()
    {
        TunnelPlan.Outgoing(Tunnels.FromP1ToP2).ShouldBe(
            """
            link add fwd-11111111 address 02:00:00:00:00:0a type vxlan id 4711 local 10.98.1.7 remote 10.98.2.8 dstport 49155 srcport 49155 49156 nolearning ttl 64 df unset noudpcsum
            link set fwd-11111111 mtu 1450 addrgenmode none up
            neighbour replace 10.0.2.2 lladdr 02:00:00:00:00:0b dev fwd-11111111 nud permanent
            route replace 169.254.96.11/32 dev fwd-11111111 src 10.98.1.7
            neighbour replace 169.254.96.11 lladdr 02:00:00:00:00:0b dev fwd-11111111 nud permanent

            """);
    }

    [Fact]
    public void The_other_end_leads_marked_flows_back()
    {
        var plan = TunnelPlan.Incoming(Tunnels.FromP1ToP2);

        plan.ShouldContain("local 10.98.2.8 remote 10.98.1.7");
        plan.ShouldContain("address add 169.254.96.11/32 dev old-1");
        plan.ShouldContain("route replace default via 169.254.96.10 dev old-1 onlink table 101");
        plan.ShouldContain("rule add pref 1001 fwmark 0x00010000/0x00ff0000 iif k6t lookup 101");
        plan.ShouldContain("rule add pref 1101 from 169.254.96.11 lookup 101");
    }

    [Fact]
    public void Rules_name_every_other_end_and_only_those()
    {
        var rules = TunnelPlan.Rules([Tunnels.FromP1ToP3, Tunnels.FromP2ToP3], [], []);

        rules.ShouldContain("ip saddr { 10.98.1.7, 10.98.2.8 } notrack accept");
        rules.ShouldContain("iifname \"old-1\" ct state new ct mark set ct mark & 0xff00ffff | 0x00010000");
        rules.ShouldContain("iifname \"old-2\" ct state new ct mark set ct mark & 0xff00ffff | 0x00020000");
    }

    [Fact]
    public void What_conntrack_does_not_know_belongs_to_the_pod_that_the_guest_left_last() =>
        TunnelPlan.Rules([Tunnels.FromP1ToP3, Tunnels.FromP2ToP3], [], []).ShouldContain("ct state invalid meta l4proto tcp tcp flags & (syn | ack | rst | fin) != syn meta mark set 0x00020000");

    [Fact]
    public void What_belongs_to_a_pod_whose_way_is_still_to_come_does_not_leave_by_another() =>
        TunnelPlan.Rules([Tunnels.FromP2ToP3], [], []).ShouldContain("meta mark & 0x00ff0000 != { 0x00000000, 0x00020000 } drop");

    [Fact]
    public void At_the_end_both_sides_are_told() =>
        TunnelPlan.Rules([], [Tunnels.FromP1ToP2], [Tunnels.FromP1ToP2]).ShouldContain("oifname \"fwd-11111111\" meta l4proto tcp reject with tcp reset");

    [Fact]
    public void Without_tunnels_there_is_no_table() =>
        TunnelPlan.Rules([], [], []).ShouldBe("table ip godwit_forwarding\ndelete table ip godwit_forwarding\n");

    [Fact]
    public void Probe_addresses_stay_within_their_network()
    {
        ForwardingNames.OutgoingProbe(0).ShouldBe(IPAddress.Parse("169.254.96.0"));
        ForwardingNames.IncomingProbe(ForwardingNames.ProbePairs - 1).ShouldBe(IPAddress.Parse("169.254.127.255"));
    }
}
