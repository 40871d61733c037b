using System.Net;
using System.Net.NetworkInformation;
using Godwit.VirtHandler.Forwarding.Kernel;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Network;
using static Godwit.VirtHandler.Host.HostToolsExtensions;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>
/// The tunnels of one launcher pod: what is in its folder, made so in its network namespace. Each change is on disk before it is made and
/// after it is undone, so that nothing is left that nobody knows of.
/// </summary>
internal sealed class PodTunnels : IDisposable
{
    private readonly string _folder;
    private readonly int _pid;
    private readonly IHostTools _host;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Lock _routeLock = new();
    private readonly RouteSocket _routes;
    private readonly ConntrackSocket _conntrack;
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);

    /// <exception cref="KernelException">The pod's network cannot be entered.</exception>
    public PodTunnels(string podUid, string folder, int pid, IHostTools host)
    {
        PodUid = podUid;
        _folder = folder;
        _pid = pid;
        _host = host;
        State = ForwardingState.Read(folder);
        Sockets = PodSockets.Open(pid);
        _routes = Sockets.OpenRoute();
        _conntrack = Sockets.OpenConntrack();
    }

    public string PodUid { get; }

    public PodSockets Sockets { get; }

    public ForwardingState State { get; private set; }

    public void Dispose()
    {
        _conntrack.Dispose();
        _routes.Dispose();
        Sockets.Dispose();
        _gate.Dispose();
    }

    /// <summary>Makes the end of a tunnel to where the guest goes; nothing goes through it yet.</summary>
    public Task AddOutgoingAsync(Tunnel tunnel, CancellationToken cancellationToken) => ChangeAsync(
        state => state with { Outgoing = [.. state.Outgoing.Where(t => t.OutgoingDevice != tunnel.OutgoingDevice), tunnel] },
        async ct =>
        {
            RemoveDevice(tunnel.OutgoingDevice);
            await IpAsync(TunnelPlan.Outgoing(tunnel), ct);
            await SetAsync(tunnel.OutgoingDevice, ct);
        },
        cancellationToken);

    /// <summary>Makes the end of a tunnel from where the guest comes.</summary>
    /// <param name="tunnel">The tunnel.</param>
    /// <param name="newest">Whether it comes from the pod that the guest is just leaving, and not from one before.</param>
    /// <param name="cancellationToken">Ends the work where it stands.</param>
    public Task AddIncomingAsync(Tunnel tunnel, bool newest, CancellationToken cancellationToken) => ChangeAsync(
        state =>
        {
            var others = state.Incoming.Where(t => t.Mark != tunnel.Mark);
            return state with { Incoming = newest ? [.. others, tunnel] : [tunnel, .. others] };
        },
        async ct =>
        {
            await RemoveIncomingEndAsync(tunnel.Mark, ct);
            await IpAsync(TunnelPlan.Incoming(tunnel), ct);
            await SetAsync(tunnel.IncomingDevice, ct);
        },
        cancellationToken);

    public async Task RemoveOutgoingAsync(Tunnel tunnel, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            RemoveDevice(tunnel.OutgoingDevice);
            _refused.Remove(tunnel.OutgoingDevice);
            await KeepAsync(State with { Outgoing = [.. State.Outgoing.Where(t => t.OutgoingDevice != tunnel.OutgoingDevice)] }, cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Removes a tunnel, and the marks of its flows: what comes of them later is new.</summary>
    public async Task RemoveIncomingAsync(Tunnel tunnel, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            await RemoveIncomingEndAsync(tunnel.Mark, cancellationToken);
            _refused.Remove(tunnel.IncomingDevice);
            await KeepAsync(State with { Incoming = [.. State.Incoming.Where(t => t.Mark != tunnel.Mark)] }, cancellationToken);
            lock (_conntrack)
            {
                _ = _conntrack.DeleteByMark(ForwardingNames.Bits(tunnel.Mark), ForwardingNames.MarkMask);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Writes down that the pod stays, and on what terms; null that it does no more.</summary>
    public async Task SetTermsAsync(ForwarderTerms? terms, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            State = State with { Terms = terms };
            State.Write(_folder);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>From now on whoever sends through this device is told that there is no way.</summary>
    public async Task RefuseAsync(string device, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            _refused.Add(device);
            await ApplyRulesAsync(State, cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async Task ResizeAsync(Tunnel tunnel, string device, int mtu, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            await IpAsync($"link set {device} mtu {mtu}\n", cancellationToken);
            State = State with
            {
                Outgoing = [.. State.Outgoing.Select(t => t == tunnel ? t with { Mtu = mtu } : t)],
                Incoming = [.. State.Incoming.Select(t => t == tunnel ? t with { Mtu = mtu } : t)],
            };
            State.Write(_folder);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Turns the guest's route: what comes for it goes through the tunnel from here on. One message to the kernel, far below a millisecond.
    /// </summary>
    public void TurnTo(Tunnel tunnel)
    {
        lock (_routeLock)
        {
            _routes.ReplaceHostRoute(tunnel.GuestAddress, tunnel.OutgoingDevice);
        }
    }

    /// <summary>Turns it back to the guest here.</summary>
    public void TurnBack(Tunnel tunnel)
    {
        lock (_routeLock)
        {
            _ = _routes.DeleteHostRoute(tunnel.GuestAddress, tunnel.OutgoingDevice);
        }
    }

    public bool IsTurnedTo(Tunnel tunnel)
    {
        lock (_routeLock)
        {
            return _routes.HasHostRoute(tunnel.GuestAddress, tunnel.OutgoingDevice);
        }
    }

    /// <summary>Bytes that went through a device, both ways; null when there is no such device.</summary>
    public long? Bytes(string device)
    {
        lock (_routeLock)
        {
            return _routes.ReadBytes(device) is { } bytes ? bytes.Rx + bytes.Tx : null;
        }
    }

    /// <summary>Makes ready to move what will wait for the guest when it has stopped. It is slow to make and to close.</summary>
    public TapDrain OpenDrain(Tunnel tunnel, int qemuPid) => TapDrain.Open(
        qemuPid, PodWiring.TapName, Sockets, tunnel.OutgoingDevice, PhysicalAddress.Parse(tunnel.SourceMac), PhysicalAddress.Parse(tunnel.TargetMac));

    public IReadOnlyList<ConntrackEntry> Flows(IPAddress guest)
    {
        lock (_conntrack)
        {
            return _conntrack.Dump(guest);
        }
    }

    public WriteOutcome Write(IReadOnlyList<ConntrackEntry> flows)
    {
        lock (_conntrack)
        {
            return _conntrack.Write(flows);
        }
    }

    public void Delete(IReadOnlyList<ConntrackEntry> flows)
    {
        lock (_conntrack)
        {
            _ = _conntrack.Delete(flows);
        }
    }

    private async Task ChangeAsync(Func<ForwardingState, ForwardingState> change, Func<CancellationToken, Task> make, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            State = change(State);
            State.Write(_folder);
            await make(cancellationToken);
            await ApplyRulesAsync(State, cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task KeepAsync(ForwardingState state, CancellationToken cancellationToken)
    {
        await ApplyRulesAsync(state, cancellationToken);
        State = state;
        State.Write(_folder);
    }

    private async Task ApplyRulesAsync(ForwardingState state, CancellationToken cancellationToken)
    {
        var refused = state.Outgoing.Where(t => _refused.Contains(t.OutgoingDevice))
            .Concat(state.Incoming.Where(t => _refused.Contains(t.IncomingDevice))).ToList();
        await _host.RequireAsync(
            "nsenter", InNetworkOf(_pid, "nft", "-f", "-"), TunnelPlan.Rules(state.Incoming, state.Outgoing, refused), cancellationToken);
    }

    private void RemoveDevice(string device)
    {
        lock (_routeLock)
        {
            _routes.DeleteLink(device);
        }
    }

    private Task<HostToolResult> RemoveIncomingEndAsync(int mark, CancellationToken cancellationToken) =>
        _host.RunAsync("nsenter", InNetworkOf(_pid, "ip", "-force", "-batch", "-"), TunnelPlan.IncomingLeftovers(mark), cancellationToken);

    private Task<string> IpAsync(string batch, CancellationToken cancellationToken) =>
        _host.RequireAsync("nsenter", InNetworkOf(_pid, "ip", "-batch", "-"), batch, cancellationToken);

    private Task<string> SetAsync(string device, CancellationToken cancellationToken) =>
        _host.RequireAsync("nsenter", InNetworkOf(_pid, "sh", "-c", TunnelPlan.Settings(device)), null, cancellationToken);
}
