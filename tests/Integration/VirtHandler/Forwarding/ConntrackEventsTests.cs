using System.Net;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtHandler.Forwarding;

public sealed class ConntrackEventsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_told_of_real_connections_is_what_a_listing_says_of_them()
    {
        await using var pods = await TwoPods.StartAsync();
        await using var inGuest = EchoServer.Start(pods.Inside);
        await using var inClient = EchoServer.Start(pods.Client);
        using var events = pods.Source.Sockets.OpenConntrackEvents();
        using var table = pods.Source.Sockets.OpenConntrack();
        var followed = new FollowedFlows();
        followed.Renew(table.Dump(TwoPods.Guest));
        followed.All.ShouldBeEmpty();

        var flows = await Conversation.ManyAsync(10, pods.Client, TwoPods.SourceAddress, Ct);
        flows.AddRange(await Conversation.ManyAsync(10, pods.Inside, TwoPods.ClientAddress, Ct));
        (await Conversation.CountAliveAsync(flows, Ct)).ShouldBe(40);
        events.Read(TwoPods.Guest, followed);

        followed.IsSure.ShouldBeTrue();
        followed.All.Count.ShouldBe(40);
        ShouldBeSame(followed.All, table.Dump(TwoPods.Guest));
        followed.All.ShouldAllBe(f => f.TimeoutSeconds > 0);

        // Half of them end, each by its own side; what is left of them is told too.
        flows[..20].ForEach(static f => f.Dispose());
        (await Conversation.CountAliveAsync(flows[20..], Ct)).ShouldBe(20);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var listed = table.Dump(TwoPods.Guest);
        while (listed.Count(f => f.TcpState == TcpConntrackState.TimeWait) < 10)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
            listed = table.Dump(TwoPods.Guest);
        }

        events.Read(TwoPods.Guest, followed);

        ShouldBeSame(followed.All, listed);
        followed.All.Count(f => f.TcpState == TcpConntrackState.Established).ShouldBe(10);
        flows.ForEach(static f => f.Dispose());
    }

    [Fact]
    public async Task What_is_deleted_is_told_and_other_pods_hear_nothing()
    {
        await using var pod = await NetworkNamespace.StartAsync();
        await using var other = await NetworkNamespace.StartAsync();
        using var events = pod.Sockets.OpenConntrackEvents();
        using var elsewhere = other.Sockets.OpenConntrackEvents();
        using var table = pod.Sockets.OpenConntrack();
        var (here, there) = (new FollowedFlows(), new FollowedFlows());
        here.Renew([]);
        there.Renew([]);
        table.Write([Tcp(1), Tcp(2)]).Refused.ShouldBe(0);

        events.Read(Guest, here);
        here.All.Select(f => f.Tuple).ShouldBe([Tcp(1).Tuple, Tcp(2).Tuple], ignoreOrder: true);
        table.Delete([Tcp(1)]).ShouldBe(1);
        events.Read(Guest, here);
        elsewhere.Read(Guest, there);

        here.All.Select(f => f.Tuple).ShouldBe([Tcp(2).Tuple]);
        (here.IsSure, there.IsSure).ShouldBe((true, true));
        there.All.ShouldBeEmpty();
    }

    [Fact]
    public async Task More_than_the_kernel_has_room_for_is_no_news_but_a_loss_that_a_listing_makes_good()
    {
        await using var pod = await NetworkNamespace.StartAsync();
        using var events = pod.Sockets.OpenConntrackEvents();
        using var table = pod.Sockets.OpenConntrack();
        var followed = new FollowedFlows();
        followed.Renew([]);
        for (var round = 0; round < 4; round++)
        {
            var flows = Enumerable.Range(1, 20_000).Select(Tcp).ToArray();
            table.Write(flows).Refused.ShouldBe(0);
            table.Delete(flows).ShouldBe(flows.Length);
        }

        events.Read(Guest, followed);

        followed.IsSure.ShouldBeFalse();
        followed.Renew(table.Dump(Guest));
        table.Write([Tcp(7)]);
        events.Read(Guest, followed);
        followed.IsSure.ShouldBeTrue();
        followed.All.Select(f => f.Tuple).ShouldBe([Tcp(7).Tuple]);
    }

    [Fact]
    public async Task Where_the_kernel_is_told_to_say_nothing_nobody_relies_on_it()
    {
        await using var pod = await NetworkNamespace.StartAsync();
        await pod.SetAsync(("netfilter/nf_conntrack_events", 0));
        using var events = pod.Sockets.OpenConntrackEvents();
        var followed = new FollowedFlows();
        followed.Renew([]);

        events.Read(Guest, followed);

        followed.IsSure.ShouldBeFalse();
    }

    [Fact]
    public async Task Told_is_told_once()
    {
        await using var pod = await NetworkNamespace.StartAsync();
        using var events = pod.Sockets.OpenConntrackEvents();
        using var table = pod.Sockets.OpenConntrack();
        var followed = new FollowedFlows();
        followed.Renew([]);
        table.Write([.. Enumerable.Range(1, 1_000).Select(Tcp)]).Refused.ShouldBe(0);

        events.Read(Guest, followed);
        followed.All.Count.ShouldBe(1_000);
        followed.Renew([]);
        events.Read(Guest, followed);
        (followed.All.Count, followed.IsSure).ShouldBe((0, true));
    }

    private static readonly IPAddress Guest = IPAddress.Parse("10.0.2.2");

    private static ConntrackEntry Tcp(int port) => new(
        FlowTuple.Tcp(new(IPAddress.Parse("10.88.4.9"), port), new(Guest, 80)),
        ConntrackStatus.SeenReply | ConntrackStatus.Assured,
        1_000,
        0x10000,
        TcpConntrackState.Established);

    private static void ShouldBeSame(IEnumerable<ConntrackEntry> told, IEnumerable<ConntrackEntry> listed) =>
        told.Select(Ageless).ShouldBe(listed.Select(Ageless), ignoreOrder: true);

    private static ConntrackEntry Ageless(ConntrackEntry entry) => entry with { TimeoutSeconds = 0 };
}
