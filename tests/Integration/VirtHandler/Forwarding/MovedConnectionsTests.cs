using System.Diagnostics;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtHandler.Forwarding;

/// <summary>What becomes of flows when a guest moves from one pod to another, with all in the kernel's hands that is there in a cluster.</summary>
public sealed class MovedConnectionsTests
{
    /// <summary>Of TCP and of UDP, in each direction.</summary>
    private const int Each = 20;
    private const int All = 4 * Each;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_flows_go_on_when_the_table_is_handed_over_and_the_route_flipped()
    {
        await using var pods = await TwoPods.StartAsync();
        await using var inGuest = EchoServer.Start(pods.Inside);
        await using var inClient = EchoServer.Start(pods.Client);
        var flows = await BeginAsync(pods);
        await pods.ConnectAsync();
        using var routes = pods.Source.Sockets.OpenRoute();
        using var source = pods.Source.Sockets.OpenConntrack();
        using var target = pods.Target.Sockets.OpenConntrack();

        var sent = Marked(source);
        target.Write(ConntrackWire.Decode(ConntrackWire.Encode(sent))).ShouldBe(new WriteOutcome(All, 0, null));
        flows.AddRange(await Conversation.ManyAsync(1, pods.Client, TwoPods.SourceAddress, Ct));
        flows.AddRange(await Conversation.ManyAsync(1, pods.Inside, TwoPods.ClientAddress, Ct));
        (await Conversation.CountAliveAsync(flows, Ct)).ShouldBe(All + 4);

        var flip = Stopwatch.GetTimestamp();
        routes.ReplaceHostRoute(TwoPods.Guest, TwoPods.ToTarget);
        var flipped = Stopwatch.GetElapsedTime(flip);
        var delta = ConntrackDelta.Between(sent, Marked(source));
        target.Delete(ConntrackWire.Decode(ConntrackWire.Encode(delta.Deletions)));
        target.Write(ConntrackWire.Decode(ConntrackWire.Encode(delta.Upserts))).Refused.ShouldBe(0);
        var handedOver = Stopwatch.GetElapsedTime(flip);
        await pods.PlugIntoTargetAsync();

        (await Conversation.CountAliveAsync(flows, Ct)).ShouldBe(All + 4);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{flows.Count} flows; flip {flipped.TotalMilliseconds:0.000} ms, flip and differences ({delta.Upserts.Count}) {handedOver.TotalMilliseconds:0.0} ms");
        FlowCount.Left(source.Dump(TwoPods.Guest), TwoPods.MarkMask).ShouldBe(flows.Count);
        routes.ReadBytes(TwoPods.ToTarget)!.Value.Rx.ShouldBeGreaterThan(flows.Count * EchoServer.MessageLength);

        // New ones come and go by the new pod alone, with no mark.
        var fresh = await Conversation.ManyAsync(1, pods.Client, TwoPods.TargetAddress, Ct);
        fresh.AddRange(await Conversation.ManyAsync(1, pods.Inside, TwoPods.ClientAddress, Ct));
        (await Conversation.CountAliveAsync(fresh, Ct)).ShouldBe(4);
        FlowCount.Left(target.Dump(TwoPods.Guest), TwoPods.MarkMask).ShouldBe(4);

        // When the old flows' time is over, the new ones are not touched.
        target.DeleteByMark(TwoPods.Mark, TwoPods.MarkMask).ShouldBe(flows.Count);
        using var tunnel = pods.Target.Sockets.OpenRoute();
        tunnel.DeleteLink(TwoPods.FromSource);
        (await Conversation.CountAliveAsync(fresh, Ct)).ShouldBe(4);
        End(flows, fresh);
    }

    [Fact]
    public async Task A_client_that_speaks_from_one_port_with_the_old_pod_and_the_new_is_two_clients_for_the_guest_and_in_the_next_table()
    {
        await using var pods = await TwoPods.StartAsync();
        await using var inGuest = EchoServer.Start(pods.Inside);
        using var old = await Conversation.OverTcpAsync(pods.Client, TwoPods.SourceAddress, Ct, localPort: 45_000);
        (await Conversation.CountAliveAsync([old], Ct)).ShouldBe(1);
        await pods.ConnectAsync();
        using var routes = pods.Source.Sockets.OpenRoute();
        using var source = pods.Source.Sockets.OpenConntrack();
        using var target = pods.Target.Sockets.OpenConntrack();
        target.Write(Marked(source)).Written.ShouldBe(1);
        routes.ReplaceHostRoute(TwoPods.Guest, TwoPods.ToTarget);
        await pods.PlugIntoTargetAsync();

        using var fresh = await Conversation.OverTcpAsync(pods.Client, TwoPods.TargetAddress, Ct, localPort: 45_000);
        (await Conversation.CountAliveAsync([old, fresh], Ct)).ShouldBe(2);

        old.Address.ShouldBe("10.88.0.1:45000");
        fresh.Address.ShouldNotBe(old.Address);
        target.Dump(TwoPods.Guest).Select(entry => ($"{entry.Tuple.SourceAddress}:{entry.Tuple.SourcePort}", entry.Mark))
            .ShouldBe([(old.Address!, TwoPods.Mark), (fresh.Address!, 0u)], ignoreOrder: true);
    }

    [Fact]
    public async Task A_flow_that_the_guest_began_from_the_tunnels_own_port_goes_on_when_there_is_a_tunnel()
    {
        await using var pods = await TwoPods.StartAsync();
        await using var inClient = EchoServer.Start(pods.Client);
        using var flow = Conversation.OverUdp(pods.Inside, TwoPods.ClientAddress, TwoPods.Port);
        (await Conversation.CountAliveAsync([flow], Ct)).ShouldBe(1);

        await pods.ConnectAsync();

        (await Conversation.CountAliveAsync([flow], Ct)).ShouldBe(1);
        flow.Address.ShouldNotBe($"{TwoPods.SourceAddress}:{TwoPods.Port}");
    }

    [Fact]
    public async Task No_flow_goes_on_when_nothing_is_done()
    {
        await using var pods = await TwoPods.StartAsync();
        await using var inGuest = EchoServer.Start(pods.Inside);
        await using var inClient = EchoServer.Start(pods.Client);
        var flows = await BeginAsync(pods);

        await pods.PlugIntoTargetAsync();

        (await Conversation.CountAliveAsync(flows, Ct)).ShouldBe(0);
        End(flows);
    }

    [Fact]
    public async Task Without_the_table_the_flip_alone_keeps_only_what_the_peer_speaks_on_first()
    {
        await using var pods = await TwoPods.StartAsync();
        await using var inGuest = EchoServer.Start(pods.Inside);
        await using var inClient = EchoServer.Start(pods.Client);
        var inbound = await Conversation.ManyAsync(Each, pods.Client, TwoPods.SourceAddress, Ct);
        var outbound = await Conversation.ManyAsync(Each, pods.Inside, TwoPods.ClientAddress, Ct);
        (await Conversation.CountAliveAsync([.. inbound, .. outbound], Ct)).ShouldBe(All);
        await pods.ConnectAsync();
        using var routes = pods.Source.Sockets.OpenRoute();

        routes.ReplaceHostRoute(TwoPods.Guest, TwoPods.ToTarget);
        await pods.PlugIntoTargetAsync();

        (await Conversation.CountAliveAsync(inbound, Ct)).ShouldBe(2 * Each);
        (await Conversation.CountAliveAsync(outbound, Ct)).ShouldBe(0);
        End(inbound, outbound);
    }

    [Fact]
    public async Task All_flows_go_on_when_the_migration_is_given_up_after_the_flip()
    {
        await using var pods = await TwoPods.StartAsync();
        await using var inGuest = EchoServer.Start(pods.Inside);
        await using var inClient = EchoServer.Start(pods.Client);
        var flows = await BeginAsync(pods);
        await pods.ConnectAsync();
        using var routes = pods.Source.Sockets.OpenRoute();

        routes.ReplaceHostRoute(TwoPods.Guest, TwoPods.ToTarget);
        routes.DeleteHostRoute(TwoPods.Guest, TwoPods.ToTarget).ShouldBeTrue();
        routes.DeleteLink(TwoPods.ToTarget);

        (await Conversation.CountAliveAsync(flows, Ct)).ShouldBe(All);
        End(flows);
    }

    /// <summary>Flows of both protocols in both directions, each of which has been answered.</summary>
    private static async Task<List<Conversation>> BeginAsync(TwoPods pods)
    {
        var flows = await Conversation.ManyAsync(Each, pods.Client, TwoPods.SourceAddress, Ct);
        flows.AddRange(await Conversation.ManyAsync(Each, pods.Inside, TwoPods.ClientAddress, Ct));
        (await Conversation.CountAliveAsync(flows, Ct)).ShouldBe(All);
        return flows;
    }

    private static List<ConntrackEntry> Marked(ConntrackSocket connections) =>
        [.. connections.Dump(TwoPods.Guest).Select(entry => entry.Mark == 0 ? entry with { Mark = TwoPods.Mark } : entry)];

    private static void End(params IEnumerable<IEnumerable<Conversation>> all)
    {
        foreach (var flow in all.SelectMany(flows => flows))
        {
            flow.Dispose();
        }
    }
}
