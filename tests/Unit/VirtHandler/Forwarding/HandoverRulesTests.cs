using System.Net;
using Godwit.VirtHandler.Forwarding;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class HandoverRulesTests
{
    private const string Guest = "10.0.2.2";

    private static readonly HandoverHello Hello = new()
    {
        MigrationUid = Tunnels.First,
        Pod = "virt-launcher-demo-1",
        PodUid = Tunnels.Uid(1),
        PodIp = Tunnels.Ip(1),
        Mac = "02:00:00:00:00:0a",
        Mark = 1,
        Guest = Guest,
        Mtu = 1450,
    };

    [Fact]
    public void The_source_of_the_migration_is_welcome() => Refusal(Hello).ShouldBeNull();

    [Fact]
    public void Each_thing_that_is_wrong_is_named()
    {
        Refusal(Hello with { Version = 2 })!.ShouldContain("version 2");
        Refusal(Hello with { MigrationUid = Tunnels.Second })!.ShouldContain(Tunnels.Second);
        Refusal(Hello with { Guest = "10.0.3.2" })!.ShouldContain("10.0.3.2");
        Refusal(Hello with { PodIp = Tunnels.Ip(2) })!.ShouldContain("calls from");
        Refusal(Hello with { Mark = 0 })!.ShouldContain("mark 0");
        Refusal(Hello with { Mark = 16 })!.ShouldContain("mark 16");
        Refusal(Hello with { Mtu = 100 })!.ShouldContain("MTU of 100");
        Refusal(Hello with { Mac = "02:00 up\nlink del eth0" })!.ShouldContain("no MAC address");
        Refusal(Hello with { Predecessors = ["10.0.0.1 . 1 } ; flush ruleset"] })!.ShouldContain("no list");
        HandoverRules.Refusal(Hello, IPAddress.Parse(Tunnels.Ip(1)), Tunnels.First, Guest, new HashSet<string>())!.ShouldContain("no pod of this guest");
    }

    [Fact]
    public void Who_calls_again_goes_on_with_the_tunnel_that_both_ends_have()
    {
        var mine = Tunnels.FromP1ToP2;
        var again = Hello with { Vni = mine.Vni, Probe = mine.Probe };

        HandoverRules.Earlier(again, [Tunnels.FromP2ToP3, mine]).ShouldBe(mine);
        HandoverRules.Earlier(Hello, [mine]).ShouldBeNull();
        HandoverRules.Earlier(again with { Mac = "02:00:00:00:00:0c" }, [mine]).ShouldBeNull();
        HandoverRules.Earlier(again with { PodUid = Tunnels.Uid(2) }, [mine]).ShouldBeNull();
        HandoverRules.Earlier(again with { MigrationUid = Tunnels.Second }, [mine]).ShouldBeNull();
    }

    [Fact]
    public void Only_flows_of_the_guest_with_a_mark_are_taken()
    {
        var good = Flow("10.0.2.2", mark: 1);
        var other = Flow("10.0.9.9", mark: 1);
        var unmarked = Flow("10.0.2.2", mark: 0);
        var foreign = good with { Mark = ForwardingNames.Bits(1) | 1 };

        HandoverRules.Taken([good, other, unmarked, foreign], Guest).ShouldBe([good]);
    }

    [Fact]
    public void A_pod_gets_the_lowest_number_that_no_earlier_one_has()
    {
        HandoverRules.FreeMark([]).ShouldBe(1);
        HandoverRules.FreeMark([Tunnels.FromP1ToP2]).ShouldBe(2);
        HandoverRules.FreeMark([Tunnels.FromP2ToP3]).ShouldBe(1);
        HandoverRules.FreeMark(Enumerable.Range(1, 15).Select(mark => Tunnels.FromP1ToP2 with { Mark = mark })).ShouldBe(0);
    }

    private static string? Refusal(HandoverHello hello) =>
        HandoverRules.Refusal(hello, IPAddress.Parse(Tunnels.Ip(1)), Tunnels.First, Guest, new HashSet<string> { Tunnels.Ip(1), Tunnels.Ip(2) });

    private static ConntrackEntry Flow(string to, int mark) => new(
        FlowTuple.Tcp(new IPEndPoint(IPAddress.Parse("10.98.5.5"), 4000), new IPEndPoint(IPAddress.Parse(to), 7)),
        default, 600, ForwardingNames.Bits(mark), TcpConntrackState.Established);
}
