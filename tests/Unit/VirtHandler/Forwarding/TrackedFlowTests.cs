using System.Net;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class TrackedFlowTests
{
    private static readonly IPAddress Guest = IPAddress.Parse("10.0.2.2");
    private static readonly IPEndPoint Client = IPEndPoint.Parse("10.88.4.9:40000");
    private static readonly IPEndPoint PodWeb = IPEndPoint.Parse("10.88.1.2:80");
    private static readonly IPEndPoint GuestWeb = IPEndPoint.Parse("10.0.2.2:8080");

    [Fact]
    public void What_comes_in_is_seen_as_the_guest_answers_to_it()
    {
        var flow = Tracked(FlowTuple.Tcp(Client, PodWeb), FlowTuple.Tcp(GuestWeb, Client));

        SeenBy(flow).ShouldBe(FlowTuple.Tcp(Client, GuestWeb));
    }

    [Fact]
    public void A_client_that_the_kernel_gave_another_port_has_that_port_for_the_guest()
    {
        var renamed = IPEndPoint.Parse("10.88.4.9:61000");
        var flow = Tracked(FlowTuple.Tcp(Client, PodWeb), FlowTuple.Tcp(GuestWeb, renamed));

        SeenBy(flow).ShouldBe(FlowTuple.Tcp(renamed, GuestWeb));
    }

    [Fact]
    public void What_goes_out_is_seen_as_the_guest_wrote_it()
    {
        var own = IPEndPoint.Parse("10.0.2.2:5353");
        var flow = Tracked(FlowTuple.Udp(own, Client), FlowTuple.Udp(Client, IPEndPoint.Parse("10.88.1.2:1024")));

        SeenBy(flow).ShouldBe(FlowTuple.Udp(own, Client));
    }

    [Fact]
    public void A_ping_from_outside_is_seen_as_an_echo_to_the_guest()
    {
        var flow = Tracked(FlowTuple.Echo(Client.Address, PodWeb.Address, 77), FlowTuple.Echo(Client.Address, Guest, 77).Reversed);

        SeenBy(flow).ShouldBe(FlowTuple.Echo(Client.Address, Guest, 77));
    }

    [Fact]
    public void A_ping_of_the_guest_keeps_the_identifier_that_the_guest_gave()
    {
        var flow = Tracked(FlowTuple.Echo(Guest, Client.Address, 77), FlowTuple.Echo(PodWeb.Address, Client.Address, 1234).Reversed);

        SeenBy(flow).ShouldBe(FlowTuple.Echo(Guest, Client.Address, 77));
    }

    [Fact]
    public void A_flow_that_is_passed_on_for_an_older_pod_keeps_its_mark()
    {
        var inbound = FlowTuple.Tcp(Client, GuestWeb);

        Tracked(inbound, inbound.Reversed, mark: 0x20000).SeenBy(FlowTuple.Number(Guest))
            .ShouldBe(new ConntrackEntry(inbound, ConntrackStatus.SeenReply, 100, 0x20000, TcpConntrackState.Established));
    }

    [Fact]
    public void What_ends_in_the_pod_itself_does_not_go_with_the_guest()
    {
        var dhcp = FlowTuple.Udp(IPEndPoint.Parse("10.0.2.2:68"), IPEndPoint.Parse("10.0.2.1:67"));
        var fromPod = FlowTuple.Tcp(IPEndPoint.Parse("10.0.2.1:50000"), GuestWeb);
        var forwarded = FlowTuple.Tcp(IPEndPoint.Parse("127.0.0.1:50000"), IPEndPoint.Parse("127.0.0.1:8080"));

        SeenBy(Tracked(dhcp, dhcp.Reversed)).ShouldBeNull();
        SeenBy(Tracked(fromPod, fromPod.Reversed)).ShouldBeNull();
        SeenBy(Tracked(forwarded, FlowTuple.Tcp(GuestWeb, IPEndPoint.Parse("10.0.2.1:50000")))).ShouldBeNull();
    }

    [Fact]
    public void What_does_not_concern_the_guest_is_left_out()
    {
        var own = FlowTuple.Tcp(Client, PodWeb);

        SeenBy(Tracked(own, own.Reversed)).ShouldBeNull();
    }

    private static TrackedFlow Tracked(FlowTuple original, FlowTuple reply, uint mark = 0) =>
        new(original, reply, ConntrackStatus.SeenReply, 100, mark, TcpConntrackState.Established);

    private static FlowTuple? SeenBy(TrackedFlow flow) => flow.SeenBy(FlowTuple.Number(Guest))?.Tuple;
}
