using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using Godwit.VirtHandler.Forwarding.Kernel;
using Godwit.VirtHandler.Migration;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>
/// One attempt to open a way for a pod's flows to the pod that the guest goes to: connection, tunnel, test, and what conntrack knows; kept up
/// to date until it is let go.
/// </summary>
internal sealed class Handover : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PingDeadline = TimeSpan.FromMilliseconds(500);

    private const int Pings = 2;
    private readonly PodTunnels _pod;
    private readonly HandoverChannel _channel;
    private readonly Dictionary<FlowTuple, ConntrackEntry> _sent = [];

    private Handover(PodTunnels pod, HandoverChannel channel, Tunnel tunnel)
    {
        _pod = pod;
        _channel = channel;
        Tunnel = tunnel;
    }

    /// <summary>The tunnel as it is.</summary>
    public Tunnel Tunnel { get; private set; }

    /// <summary>What the target could not take over, in the kernel's words; null when it took all.</summary>
    public string? Refused { get; private set; }

    /// <summary>Connects, agrees on a tunnel, makes this end of it and tests it.</summary>
    /// <param name="pod">The tunnels of the pod that has the flows.</param>
    /// <param name="hello">Who calls.</param>
    /// <param name="targetIp">The pod that the guest goes to.</param>
    /// <param name="targetPodUid">Its UID, which its certificate names.</param>
    /// <param name="credentials">The migration's; null where migrations go without TLS.</param>
    /// <param name="earlier">The tunnel that the hello asks to go on with; null for none.</param>
    /// <param name="choosing">
    /// Told before either is done: true, the earlier tunnel is gone on with, once it is tested; false, it is replaced, and of no use from then on.
    /// </param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="KernelException">There is no way; the message says why.</exception>
    public static async Task<Handover> OpenAsync(
        PodTunnels pod,
        HandoverHello hello,
        string targetIp,
        string targetPodUid,
        MigrationCredentials? credentials,
        Tunnel? earlier,
        Action<bool> choosing,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        HandoverChannel? channel = null;
        try
        {
            var stream = await ConnectAsync(pod, targetIp, either.Token);
            channel = new HandoverChannel(stream);
            channel = new HandoverChannel(await HandoverSecurity.AsClientAsync(stream, credentials, targetPodUid, time, either.Token));
            await channel.SendAsync(HandoverMessage.Hello, hello, ForwardingJson.Default.HandoverHello, either.Token);
            var welcome = HandoverChannel.Read(await channel.ExpectAsync(HandoverMessage.Welcome, either.Token), ForwardingJson.Default.HandoverWelcome);
            if (welcome.Refusal is { } refusal)
            {
                throw new KernelException($"the target refused: {refusal}");
            }

            var tunnel = TunnelFrom(hello, welcome, targetIp, targetPodUid);
            var goesOn = earlier is not null && (earlier.Vni, earlier.Probe, earlier.TargetMac) == (tunnel.Vni, tunnel.Probe, tunnel.TargetMac);
            choosing(goesOn);
            if (goesOn)
            {
                tunnel = earlier!;
            }
            else
            {
                await pod.AddOutgoingAsync(tunnel, either.Token);
            }

            var handover = new Handover(pod, channel, tunnel);
            await (goesOn ? handover.TestAgainAsync(either.Token) : handover.TestAsync(either.Token));
            channel = null;
            return handover;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new KernelException(
                $"{targetIp} did not answer within {Deadline.TotalSeconds:0} s; pods must be able to reach each other's ports {ForwardingNames.HandoverPort}/TCP and {ForwardingNames.TunnelPort}/UDP");
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidDataException or System.Security.Authentication.AuthenticationException or Host.HostToolException)
        {
            throw new KernelException($"{targetIp}: {e.Message}", inner: e);
        }
        finally
        {
            if (channel is not null)
            {
                await channel.DisposeAsync();
            }
        }
    }

    /// <summary>A MAC address for one end of a tunnel.</summary>
    public static string NewMac() => MacOf([2, .. RandomNumberGenerator.GetBytes(5)]);

    public static string MacOf(byte[] bytes) => string.Join(':', bytes.Select(b => b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Tells the target what conntrack knows and what has changed since the last time.</summary>
    /// <param name="changes">The guest's flows, or those of them about which anything is new since the last time.</param>
    /// <param name="known">Marks of pods before this one that have a way of their own; the others' flows become this pod's.</param>
    /// <param name="cancellationToken">Ends the wait for the target.</param>
    public async Task UpdateAsync(FlowChanges changes, IReadOnlySet<int> known, CancellationToken cancellationToken)
    {
        var own = ForwardingNames.Bits(Tunnel.Mark);
        var flows = changes.Now
            .Select(flow => flow with { Mark = known.Contains(ForwardingNames.Number(flow.Mark)) ? flow.Mark & ForwardingNames.MarkMask : own })
            .ToList();
        var delta = ConntrackDelta.Between(
            [.. changes.About is { } about ? about.Where(_sent.ContainsKey).Select(tuple => _sent[tuple]) : _sent.Values], flows);
        if (delta.Deletions.Count > 0)
        {
            await SendAsync(HandoverMessage.Ended, delta.Deletions, cancellationToken);
        }

        if (delta.Upserts.Count > 0)
        {
            Refused = await SendAsync(HandoverMessage.Flows, delta.Upserts, cancellationToken) ?? Refused;
        }

        foreach (var tuple in changes.About ?? [.. _sent.Keys])
        {
            _sent.Remove(tuple);
        }

        foreach (var flow in flows)
        {
            _sent[flow.Tuple] = flow;
        }
    }

    /// <summary>Waits until the pods that forward to this one have opened ways of their own; not for long.</summary>
    public async Task AwaitPredecessorsAsync(CancellationToken cancellationToken)
    {
        await _channel.SendAsync(HandoverMessage.Await, ReadOnlyMemory<byte>.Empty, cancellationToken);
        await _channel.ExpectAsync(HandoverMessage.Done, cancellationToken);
    }

    public ValueTask DisposeAsync() => _channel.DisposeAsync();

    private static async Task<NetworkStream> ConnectAsync(PodTunnels pod, string targetIp, CancellationToken cancellationToken)
    {
        var socket = pod.Sockets.NewTcp();
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(targetIp), ForwardingNames.HandoverPort), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Full size first: with the guests' segments clamped from the start only large UDP is fragmented then, outside and unseen.
    private async Task TestAsync(CancellationToken cancellationToken)
    {
        if (await PingsAsync(Tunnel.Mtu, cancellationToken))
        {
            return;
        }

        var smaller = Tunnel.Mtu - ForwardingNames.TunnelHeaders;
        await _channel.SendAsync(HandoverMessage.Mtu, HandoverChannel.Number(smaller), cancellationToken);
        await _channel.ExpectAsync(HandoverMessage.Done, cancellationToken);
        await _pod.ResizeAsync(Tunnel, Tunnel.OutgoingDevice, smaller, cancellationToken);
        Tunnel = Tunnel with { Mtu = smaller };
        if (!await PingsAsync(smaller, cancellationToken))
        {
            throw new KernelException(Nothing);
        }
    }

    // How much it takes was found out when it was made. The kernel keeps in mind that a packet of full size was too large to go unfragmented,
    // and would refuse the next.
    private async Task TestAgainAsync(CancellationToken cancellationToken)
    {
        if (!await PingsAsync(Tunnel.Mtu - ForwardingNames.TunnelHeaders, cancellationToken))
        {
            throw new KernelException(Nothing);
        }
    }

    private string Nothing =>
        $"nothing comes through the tunnel to {Tunnel.TargetIp}: pods must be able to reach each other's port {ForwardingNames.TunnelPort}/UDP (is there a NetworkPolicy?)";

    private async Task<bool> PingsAsync(int mtu, CancellationToken cancellationToken)
    {
        for (var i = 0; i < Pings; i++)
        {
            if (await TunnelProbe.PingAsync(
                    _pod.Sockets, from: null, ForwardingNames.IncomingProbe(Tunnel.Probe), mtu, dontFragment: true, PingDeadline, cancellationToken))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<string?> SendAsync(HandoverMessage kind, IReadOnlyList<ConntrackEntry> flows, CancellationToken cancellationToken)
    {
        await _channel.SendAsync(kind, ConntrackWire.Encode(flows), cancellationToken);
        var answer = HandoverChannel.Text(await _channel.ExpectAsync(HandoverMessage.Done, cancellationToken));
        return answer.Length > 0 ? answer : null;
    }

    private static Tunnel TunnelFrom(HandoverHello hello, HandoverWelcome welcome, string targetIp, string targetPodUid) =>
        welcome is { Vni: > 0 and < 1 << 24, Probe: > 0 and < ForwardingNames.ProbePairs } && PhysicalAddress.TryParse(welcome.Mac, out var mac)
            ? new Tunnel
            {
                MigrationUid = hello.MigrationUid,
                Mark = hello.Mark,
                Vni = welcome.Vni,
                Probe = welcome.Probe,
                SourceIp = hello.PodIp,
                SourceMac = hello.Mac,
                SourcePod = hello.Pod,
                SourcePodUid = hello.PodUid,
                TargetIp = targetIp,
                TargetMac = MacOf(mac.GetAddressBytes()),
                TargetPodUid = targetPodUid,
                Guest = hello.Guest,
                Mtu = hello.Mtu,
            }
            : throw new InvalidDataException("its answer makes no sense");
}
