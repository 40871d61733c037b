namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>How many flows a pod that the guest has left still serves.</summary>
public static class FlowCount
{
    /// <summary>
    /// The flows that are this pod's own and may still be spoken on. Those with a mark belong to an older pod and are only passed on;
    /// TCP connections that both sides have closed are kept by the kernel for a while, but need nobody.
    /// </summary>
    /// <param name="entries">What <see cref="ConntrackSocket.Dump"/> gave.</param>
    /// <param name="markMask">Which bits of a mark tell an older pod.</param>
    public static int Left(IEnumerable<ConntrackEntry> entries, uint markMask) => With(entries, 0, markMask);

    /// <summary>Those of the pod that a mark tells of, counted where the guest is.</summary>
    /// <param name="entries">What <see cref="ConntrackSocket.Dump"/> gave.</param>
    /// <param name="mark">The bits of the mark.</param>
    /// <param name="markMask">Which bits those are.</param>
    public static int With(IEnumerable<ConntrackEntry> entries, uint mark, uint markMask) =>
        entries.Count(entry => (entry.Mark & markMask) == mark && (entry.Tuple.Protocol != FlowProtocol.Tcp || IsOpen(entry.TcpState)));

    private static bool IsOpen(TcpConntrackState state) => state is TcpConntrackState.SynSent
        or TcpConntrackState.SynSent2
        or TcpConntrackState.SynRecv
        or TcpConntrackState.Established
        or TcpConntrackState.FinWait
        or TcpConntrackState.CloseWait
        or TcpConntrackState.LastAck;
}
