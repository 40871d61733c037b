using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;

namespace Godwit.Tests.E2E.Forwarding;

/// <summary>
/// Many connections with one guest at a time, of all kinds: made to it and made by it, TCP and UDP, spoken on and silent. A quarter is silent
/// until <see cref="FinishAsync"/>.
/// </summary>
internal sealed class Flows : IAsyncDisposable
{
    private const int Port = 7;
    private const int SilentOneIn = 4;
    private const int Rounds = 3;
    private const int AtOnce = 64;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    /// <summary>An emulated guest echoes some hundreds of records a second; what waited while it stood still comes on top.</summary>
    private static readonly TimeSpan PeriodOfEach = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan DialLimit = TimeSpan.FromSeconds(60);
    private readonly ConcurrentBag<Flow> _flows = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _speaking = [];
    private readonly Socket _tcpListener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Socket _udpListener = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    /// <param name="address">An address of this machine that guests reach.</param>
    public Flows(IPAddress address)
    {
        _tcpListener.Bind(new IPEndPoint(address, 0));
        _tcpListener.Listen(1024);
        Listener = (IPEndPoint)_tcpListener.LocalEndPoint!;
        _udpListener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
        _udpListener.Bind(Listener);
    }

    /// <summary>Where guests are told to connect to (<c>mg.dial</c>).</summary>
    public IPEndPoint Listener { get; }

    public IReadOnlyCollection<Flow> All => _flows;

    public IReadOnlyList<Flow> Broken => [.. _flows.Where(static flow => flow.Broken is not null)];

    public TimeSpan Longest => _flows.Max(static flow => flow.Longest);

    /// <summary>At this machine's address on the network of the cluster's nodes.</summary>
    public static async Task<Flows> OfAsync(TestCluster cluster)
    {
        var node = await cluster.Api.GetAsync(Kinds.Node, NamespacedName.Cluster(cluster.Nodes[0]));
        return new Flows(AddressTowards(node.At("status", "addresses").ShouldBeOfType<JsonArray>()[0].Text("address").ShouldNotBeNull()));
    }

    /// <summary>This machine's address on the network of the cluster's nodes.</summary>
    public static IPAddress AddressTowards(string nodeIp)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        probe.Connect(IPAddress.Parse(nodeIp), 9);
        return ((IPEndPoint)probe.LocalEndPoint!).Address;
    }

    /// <summary>Takes what the guest itself makes: as many over TCP as over UDP.</summary>
    public async Task AcceptAsync(int each)
    {
        await AcceptAsync("TCP outbound", _tcpListener, each);
        using var deadline = new CancellationTokenSource(DialLimit);
        var known = new HashSet<EndPoint>();
        var buffer = new byte[64];
        while (known.Count < each)
        {
            var from = (await _udpListener.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), deadline.Token)).RemoteEndPoint;
            if (!known.Add(from))
            {
                continue;
            }

            // A socket of its own for each, with the listener's address: what the guest sees has to come from where it sent to.
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
            socket.Bind(Listener);
            await socket.ConnectAsync(from, deadline.Token);
            _flows.Add(new Flow("UDP outbound", socket, IsSilent(known.Count)));
        }
    }

    /// <summary>Takes what the guest itself makes over TCP to somewhere else.</summary>
    public async Task AcceptAsync(string kind, Socket listener, int count)
    {
        using var deadline = new CancellationTokenSource(DialLimit);
        for (var i = 0; i < count; i++)
        {
            var socket = await listener.AcceptAsync(deadline.Token);
            socket.NoDelay = true;
            _flows.Add(new Flow(kind, socket, IsSilent(i)));
        }
    }

    /// <summary>Connects to the guest: as many over TCP as over UDP.</summary>
    public async Task ConnectAsync(string address, int each)
    {
        var guest = new IPEndPoint(IPAddress.Parse(address), Port);
        await ConnectAsync("TCP inbound", static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }, guest, each);
        for (var i = 0; i < each; i++)
        {
            var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            await udp.ConnectAsync(guest);
            _flows.Add(new Flow("UDP inbound", udp, IsSilent(i)));
        }
    }

    /// <summary>Connects over TCP from wherever the sockets are made.</summary>
    public async Task ConnectAsync(string kind, Func<Socket> make, IPEndPoint to, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var socket = make();
            await socket.ConnectAsync(to);
            _flows.Add(new Flow(kind, socket, IsSilent(i)));
        }
    }

    /// <summary>Pings the guest with as many identifiers.</summary>
    public async Task PingAsync(string address, int count)
    {
        for (var i = 0; i < count; i++)
        {
            _flows.Add(await PingFlow.ToAsync(IPAddress.Parse(address), (ushort)(Environment.ProcessId + i), IsSilent(i)));
        }
    }

    /// <summary>Speaks once on each, so that all are known to work, then again and again on those that are not silent.</summary>
    public async Task SpeakAsync()
    {
        await EachAsync(_flows, AtOnce);
        Broken.Select(static flow => $"{flow.Kind}: {flow.Broken}").ShouldBeEmpty("connections did not work before anything moved");
        var (talking, i) = (_flows.Where(static flow => !flow.Idle).ToList(), 0);
        var period = PeriodOfEach * _flows.Count is { } slow && slow > Period ? slow : Period;
        foreach (var flow in talking)
        {
            var offset = period * (i++ / (double)talking.Count);
            _speaking.Add(Task.Run(() => SpeakAsync(flow, offset, period)));
        }
    }

    /// <summary>The longest that an echo takes while nothing moves, over some rounds: an emulated guest is no fast one.</summary>
    public async Task<TimeSpan> UsualAsync()
    {
        var spoken = _flows.Where(static flow => !flow.Idle).ToList();
        var wanted = spoken.ToDictionary(static flow => flow, static flow => flow.Echoed + Rounds);
        using var deadline = new CancellationTokenSource(DialLimit);
        while (wanted.Any(static pair => pair.Key.Echoed < pair.Value && pair.Key.Broken is null))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, deadline.Token);
        }

        return Longest;
    }

    /// <summary>Ends the speaking, and speaks once more on each, also the silent ones.</summary>
    /// <param name="atOnce">On so many at a time: more than an emulated guest answers soon is for connections that nobody answers.</param>
    public async Task FinishAsync(int atOnce = AtOnce)
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_speaking);
        await EachAsync(_flows, atOnce);
    }

    /// <summary>A row for each kind: how many, how many broken, datagrams lost, the longest echo.</summary>
    public string Table(string title) => string.Join('\n', (IEnumerable<string>)
    [
        title,
        .. _flows.GroupBy(static flow => flow.Kind).OrderBy(static group => group.Key, StringComparer.Ordinal).Select(static group => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"  {group.Key,-13} {group.Count(),5}  broken {group.Count(static f => f.Broken is not null),5}  echoes {group.Sum(static f => f.Echoed),7}  missing {group.Sum(static f => f.Missing),5}  longest {group.Max(static f => f.Longest).TotalMilliseconds,6:0} ms, sent {group.MaxBy(static f => f.Longest)!.LongestSent:HH:mm:ss.fff}")),
    ]);

    /// <summary>Waits until every one of these is broken, as seen from here.</summary>
    public static async Task UntilBrokenAsync(IReadOnlyCollection<Flow> flows, TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        while (flows.Count(static flow => flow.Broken is not null) is var broken && broken < flows.Count)
        {
            deadline.IsCancellationRequested.ShouldBeFalse($"only {broken} of {flows.Count} connections were told that they are over");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_speaking);
        foreach (var flow in _flows)
        {
            flow.Dispose();
        }

        _tcpListener.Dispose();
        _udpListener.Dispose();
        _stop.Dispose();
    }

    private async Task SpeakAsync(Flow flow, TimeSpan offset, TimeSpan period)
    {
        await Task.Delay(offset, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!_stop.IsCancellationRequested && flow.Broken is null)
        {
            await flow.ExchangeAsync(measured: true, CancellationToken.None);
            await Task.Delay(period, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // How long it takes when all speak at once says nothing about a move.
    private static Task EachAsync(IEnumerable<Flow> flows, int atOnce) => Parallel.ForEachAsync(
        flows, new ParallelOptions { MaxDegreeOfParallelism = atOnce }, static async (flow, ct) => await flow.ExchangeAsync(measured: false, ct));

    private static bool IsSilent(int i) => i % SilentOneIn == 0;
}
