namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>The flows of a guest, by the last listing and what the kernel has told since.</summary>
public sealed class FollowedFlows
{
    private readonly Dictionary<FlowTuple, ConntrackEntry> _flows = [];
    private readonly HashSet<FlowTuple> _told = [];
    private readonly HashSet<FlowTuple> _fresh = [];
    private bool _lost = true;

    /// <summary>As they are, as far as is known.</summary>
    public IReadOnlyList<ConntrackEntry> All => [.. _flows.Values];

    /// <summary>
    /// Whether this is as good as a listing: nothing was lost, and all that are of an unfinished handshake are told of. What else happens
    /// to flows that are not told of (an end, a half-closing, an answer to a datagram) does not keep them from being forwarded.
    /// </summary>
    public bool IsSure => !_lost && !_flows.Values.Any(f => IsBeginning(f) && !_told.Contains(f.Tuple));

    /// <summary>What was told since the last listing, or since this was asked for the last time.</summary>
    public FlowChanges TakeChanges()
    {
        FlowTuple[] about = [.. _fresh];
        _fresh.Clear();
        return new(about, [.. about.Where(_flows.ContainsKey).Select(tuple => _flows[tuple])]);
    }

    /// <summary>Begins anew with a listing. What is told later and had happened before it does no harm: the last word on each flow comes last.</summary>
    public void Renew(IReadOnlyList<ConntrackEntry> listed)
    {
        _flows.Clear();
        foreach (var entry in listed)
        {
            _flows[entry.Tuple] = entry;
        }

        _told.IntersectWith(_flows.Keys);
        _fresh.Clear();
        _lost = false;
    }

    /// <summary>A flow has begun, changed or ended.</summary>
    public void Take(in ConntrackEntry entry, bool ended)
    {
        _fresh.Add(entry.Tuple);
        if (ended)
        {
            _flows.Remove(entry.Tuple);
            _told.Remove(entry.Tuple);
            return;
        }

        // The kernel tells the state of TCP when it changes, and leaves out a time that it does not count.
        var hasState = entry.TcpState != TcpConntrackState.None || entry.Tuple.Protocol != FlowProtocol.Tcp;
        if (hasState && entry.TimeoutSeconds > 0)
        {
            _flows[entry.Tuple] = entry;
        }
        else if (_flows.TryGetValue(entry.Tuple, out var known))
        {
            _flows[entry.Tuple] = entry with
            {
                TcpState = hasState ? entry.TcpState : known.TcpState,
                TimeoutSeconds = entry.TimeoutSeconds > 0 ? entry.TimeoutSeconds : known.TimeoutSeconds,
            };
        }
        else
        {
            _lost = true;
            return;
        }

        _told.Add(entry.Tuple);
    }

    /// <summary>Something was told that nobody heard: only a listing helps.</summary>
    public void Lose() => _lost = true;

    private static bool IsBeginning(in ConntrackEntry flow) => flow.TcpState is TcpConntrackState.SynSent or TcpConntrackState.SynRecv or TcpConntrackState.SynSent2;
}
