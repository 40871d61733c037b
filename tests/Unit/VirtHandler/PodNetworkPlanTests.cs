using Godwit.VirtHandler.Network;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler;

public sealed class PodNetworkPlanTests
{
    private const string Mac = "02:aa:bb:cc:dd:01";
    private static readonly PodLink Uplink = new("eth0", "0a:58:00:00:00:01", 1450, 1000, null, Up: true);
    private static readonly PodNetworkFacts Bare = new([Uplink], "10.98.1.7", [], HasRules: false, HasDhcp: false);

    [Fact]
    public void A_bare_pod_gets_bridge_tap_and_a_neighbour_that_never_expires()
    {
        var plan = PodNetworkPlan.Decide(Bare, new PodWiring(Mac));

        plan.IpBatch.ShouldBe(
            """
            link add name k6t address 02:00:00:00:00:00 mtu 1450 type bridge stp_state 0 forward_delay 0
            address add 10.0.2.1/24 brd + dev k6t noprefixroute
            link set k6t up
            tuntap add dev tap0 mode tap user 107
            link set tap0 mtu 1450 txqueuelen 10000 master k6t up
            route replace 10.0.2.2/32 dev k6t src 10.0.2.1 metric 1000
            neighbour replace 10.0.2.2 lladdr 02:aa:bb:cc:dd:01 dev k6t nud permanent

            """);
        plan.Rules!.ShouldContain("iifname \"eth0\" dnat to 10.0.2.2");
        plan.Rules!.ShouldContain("oifname \"eth0\" ip saddr 10.0.2.2 udp sport 49155 masquerade to :32768-49151");
        plan.Rules!.ShouldContain("oifname \"eth0\" ip saddr 10.0.2.2 masquerade");
        plan.Rules!.ShouldContain("maxseg size set 1360");
        plan.DhcpArguments!.ShouldContain("--dhcp-option=option:mtu,1450");
    }

    [Fact]
    public void A_wired_pod_only_has_its_guests_route_and_neighbour_confirmed()
    {
        var wired = Bare with
        {
            Links = [Uplink, new("k6t", PodWiring.BridgeMac, 1450, 1000, null, Up: true), new("tap0", "x", 1450, 10_000, "k6t", Up: true)],
            BridgeAddresses = ["10.0.2.1"],
            HasRules = true,
            HasDhcp = true,
        };

        var plan = PodNetworkPlan.Decide(wired, new PodWiring(Mac));

        plan.IpBatch.ShouldBe($"route replace 10.0.2.2/32 dev k6t src 10.0.2.1 metric 1000\nneighbour replace 10.0.2.2 lladdr {Mac} dev k6t nud permanent\n");
        plan.Rules.ShouldBeNull();
        plan.DhcpArguments.ShouldBeNull();
    }

    [Fact]
    public void Named_ports_are_the_only_ones_that_reach_the_guest()
    {
        var rules = PodNetworkPlan.Decide(Bare, new PodWiring(Mac) { TcpPorts = [80, 443], UdpPorts = [53] }).Rules!;

        rules.ShouldContain("iifname \"eth0\" tcp dport { 80, 443 } dnat to 10.0.2.2");
        rules.ShouldContain("iifname \"eth0\" udp dport { 53 } dnat to 10.0.2.2");
        rules.ShouldNotContain("iifname \"eth0\" dnat");
    }

    [Fact]
    public void A_pod_without_a_network_is_an_error() =>
        Should.Throw<InvalidOperationException>(() => PodNetworkPlan.Decide(Bare with { Links = [] }, new PodWiring(Mac)));

    [Theory]
    [InlineData(null, "10.0.2.1", "10.0.2.2", "255.255.255.0")]
    [InlineData("192.168.7.0/28", "192.168.7.1", "192.168.7.2", "255.255.255.240")]
    public void The_guests_subnet_has_the_gateway_first(string? cidr, string gateway, string guest, string mask)
    {
        var subnet = GuestSubnet.Parse(cidr);

        (subnet.Gateway, subnet.Guest, subnet.Netmask).ShouldBe((gateway, guest, mask));
    }

    [Theory]
    [InlineData("10.0.2.0")]
    [InlineData("10.0.2.0/31")]
    [InlineData("fd10::/120")]
    public void What_is_no_subnet_is_refused(string cidr) => Should.Throw<FormatException>(() => GuestSubnet.Parse(cidr)).Message.ShouldContain(cidr);

    [Fact]
    public void A_guest_cannot_use_the_nodes_loopback_resolver()
    {
        var resolver = Resolver.Parse("# x\nnameserver 127.0.0.53\nnameserver 192.0.2.1\nnameserver fe80::1\nsearch a.example b.example\noptions edns0\n");

        resolver.Nameservers.ShouldBe(["192.0.2.1"]);
        resolver.SearchDomains.ShouldBe(["a.example", "b.example"]);
    }

    [Fact]
    public void A_derived_MAC_is_local_unicast_and_always_the_same()
    {
        MacAddress.Derive("uid", "default").ShouldBe(MacAddress.Derive("uid", "default"));
        MacAddress.Derive("uid", "default").ShouldNotBe(MacAddress.Derive("uid2", "default"));
        MacAddress.Derive("uid", "default").ShouldMatch("^02(:[0-9a-f]{2}){5}$");
        MacAddress.Normalize("02-AA-bb-00-11-22").ShouldBe("02:aa:bb:00:11:22");
    }
}
