using System.Diagnostics;
using System.Net;
using Godwit.VirtHandler.Forwarding.Kernel;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtHandler.Forwarding;

public sealed class ConntrackSocketTests
{
    private const uint First = 0x10000;
    private const uint Second = 0x20000;
    private const uint Mask = 0xff0000;
    private const ConntrackStatus Answered = ConntrackStatus.SeenReply | ConntrackStatus.Assured;
    private static readonly IPAddress Guest = IPAddress.Parse("10.0.2.2");
    private static readonly IPAddress Client = IPAddress.Parse("10.88.4.9");

    [Fact]
    public async Task What_is_written_is_what_is_listed()
    {
        await using var pod = await NetworkNamespace.StartAsync();
        using var connections = pod.Sockets.OpenConntrack();
        ConntrackEntry[] entries =
        [
            new(FlowTuple.Tcp(new(Client, 40_000), new(Guest, 80)), Answered, 400_000, First, TcpConntrackState.Established),
            new(FlowTuple.Tcp(new(Client, 40_001), new(Guest, 80)), Answered, 100, Second, TcpConntrackState.FinWait),
            new(FlowTuple.Tcp(new(Guest, 50_000), new(Client, 443)), ConntrackStatus.None, 110, First, TcpConntrackState.SynSent),
            new(FlowTuple.Udp(new(Guest, 50_000), new(Client, 53)), ConntrackStatus.SeenReply, 90, Second | 1, TcpConntrackState.None),
            new(FlowTuple.Udp(new(Client, 50_000), new(Guest, 53)), ConntrackStatus.None, 80, First, TcpConntrackState.None),
            new(FlowTuple.Echo(Client, Guest, 77), ConntrackStatus.SeenReply, 70, First, TcpConntrackState.None),
            new(FlowTuple.Echo(Guest, Client, 78), ConntrackStatus.None, 60, First, TcpConntrackState.None),
        ];

        connections.Write(entries).ShouldBe(new WriteOutcome(entries.Length, 0, null));

        ShouldBeSame(connections.Dump(Guest), entries);
        connections.Dump(Client).Count.ShouldBe(entries.Length);
        connections.Dump(IPAddress.Parse("10.0.2.3")).ShouldBeEmpty();
        await using var other = await NetworkNamespace.StartAsync();
        using var elsewhere = other.Sockets.OpenConntrack();
        elsewhere.Dump(Guest).ShouldBeEmpty();
    }

    [Fact]
    public async Task Five_thousand_flows_are_written_and_listed_in_no_time()
    {
        await using var pod = await NetworkNamespace.StartAsync();
        using var connections = pod.Sockets.OpenConntrack();
        var entries = Enumerable.Range(0, 5_000).Select(i => i % 3 == 0 ? Udp(10_000 + i, First) : Tcp(10_000 + i, First)).ToArray();

        var writing = Stopwatch.StartNew();
        connections.Write(entries).ShouldBe(new WriteOutcome(entries.Length, 0, null));
        writing.Stop();
        var listing = Stopwatch.StartNew();
        var listed = connections.Dump(Guest);
        listing.Stop();
        var again = Stopwatch.StartNew();
        connections.Dump(Guest).Count.ShouldBe(entries.Length);
        again.Stop();
        var deleting = Stopwatch.StartNew();
        connections.Delete(listed).ShouldBe(entries.Length);
        deleting.Stop();

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"5000 flows: written {writing.Elapsed.TotalMilliseconds:0.0} ms, listed {listing.Elapsed.TotalMilliseconds:0.0} ms, again {again.Elapsed.TotalMilliseconds:0.0} ms, deleted {deleting.Elapsed.TotalMilliseconds:0.0} ms");
        ShouldBeSame(listed, entries);
        connections.Dump(Guest).ShouldBeEmpty();
        (writing.Elapsed + listing.Elapsed + deleting.Elapsed).ShouldBeLessThan(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task The_differences_bring_another_table_up_to_date()
    {
        await using var pod = await NetworkNamespace.StartAsync();
        using var connections = pod.Sockets.OpenConntrack();
        ConntrackEntry[] before = [Tcp(1, First), Tcp(2, First), Tcp(3, First), Udp(4, First) with { Status = ConntrackStatus.None }];
        ConntrackEntry[] now =
        [
            Tcp(1, First) with { TcpState = TcpConntrackState.CloseWait },
            Tcp(2, First) with { Status = ConntrackStatus.None, TcpState = TcpConntrackState.SynSent },
            Udp(4, Second),
            Udp(5, First),
        ];
        connections.Write(before).Refused.ShouldBe(0);

        var delta = ConntrackDelta.Between(before, now);
        connections.Delete(delta.Deletions).ShouldBe(delta.Deletions.Count);
        connections.Write(delta.Upserts).ShouldBe(new WriteOutcome(delta.Upserts.Count, 0, null));

        ShouldBeSame(connections.Dump(Guest), now);
    }

    [Fact]
    public async Task What_the_kernel_refuses_is_counted_and_the_rest_is_written()
    {
        await using var pod = await NetworkNamespace.StartAsync();
        using var connections = pod.Sockets.OpenConntrack();
        connections.Write([Udp(1, First)]);

        // That a flow was answered cannot be taken back.
        var outcome = connections.Write([Udp(2, First), Udp(1, First) with { Status = ConntrackStatus.None }, Udp(3, First)]);

        outcome.Written.ShouldBe(2);
        outcome.Refused.ShouldBe(1);
        outcome.FirstError.ShouldBe("UDP 10.88.4.9:1 to 10.0.2.2:80: Device or resource busy");
        ShouldBeSame(connections.Dump(Guest), [Udp(1, First), Udp(2, First), Udp(3, First)]);
        connections.Write([Udp(1, First) with { Status = ConntrackStatus.None }]).ShouldBe(new WriteOutcome(0, 1, outcome.FirstError));
    }

    [Fact]
    public async Task Deleting_what_is_gone_is_no_fault_and_not_counted()
    {
        await using var pod = await NetworkNamespace.StartAsync();
        using var connections = pod.Sockets.OpenConntrack();
        connections.Write([Tcp(1, First), Tcp(3, First)]);

        connections.Delete([Tcp(1, First), Tcp(2, First), Tcp(3, First), Udp(4, First)]).ShouldBe(2);
        connections.Delete([]).ShouldBe(0);
    }

    [Fact]
    public async Task Flows_of_one_mark_go_and_no_other()
    {
        await using var pod = await NetworkNamespace.StartAsync();
        using var connections = pod.Sockets.OpenConntrack();
        connections.Write([Tcp(1, First), Udp(2, First | 0x5), Tcp(3, Second), Tcp(4, 0x1000000 | Second), new(FlowTuple.Echo(Client, Guest, 9), ConntrackStatus.None, 50, First, TcpConntrackState.None)]);

        connections.DeleteByMark(First, Mask).ShouldBe(3);

        ShouldBeSame(connections.Dump(Guest), [Tcp(3, Second), Tcp(4, 0x1000000 | Second)]);
        connections.DeleteByMark(First, Mask).ShouldBe(0);
        Should.Throw<ArgumentOutOfRangeException>(() => connections.DeleteByMark(0, 0));
    }

    private static ConntrackEntry Tcp(int port, uint mark) => new(FlowTuple.Tcp(new(Client, port), new(Guest, 80)), Answered, 1_000, mark, TcpConntrackState.Established);

    private static ConntrackEntry Udp(int port, uint mark) => new(FlowTuple.Udp(new(Client, port), new(Guest, 80)), Answered, 1_000, mark, TcpConntrackState.None);

    private static void ShouldBeSame(IReadOnlyList<ConntrackEntry> listed, IReadOnlyList<ConntrackEntry> expected)
    {
        listed.Select(Ageless).ShouldBe(expected.Select(Ageless), ignoreOrder: true);
        var timeouts = expected.ToDictionary(e => e.Tuple, e => e.TimeoutSeconds);
        listed.ShouldAllBe(e => e.TimeoutSeconds <= timeouts[e.Tuple] && e.TimeoutSeconds + 20 > timeouts[e.Tuple]);
    }

    private static ConntrackEntry Ageless(ConntrackEntry entry) => entry with { TimeoutSeconds = 0 };
}
