using System.Runtime.InteropServices;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>A flow as the kernel tracks it in a pod: both directions, each as it is before its addresses are translated.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TrackedFlow(
    FlowTuple Original, FlowTuple Reply, ConntrackStatus Status, uint TimeoutSeconds, uint Mark, TcpConntrackState TcpState)
{
    private const uint LoopbackNetwork = 127;

    /// <summary>
    /// The same flow as the guest sees it; null when it is none of the guest's, or ends in the pod itself and so cannot go with the guest:
    /// DHCP, what runs in the pod and speaks with the guest, and port-forward sessions, which come from 127.0.0.1.
    /// </summary>
    /// <remarks>
    /// What the guest answers to is the reply's mirror image. The original would not do: where two peers' flows looked the same to
    /// the guest, the kernel gave one of them another port.
    /// </remarks>
    public ConntrackEntry? SeenBy(uint guest)
    {
        var inbound = Reply.Source == guest;
        if ((!inbound && Original.Source != guest) || Original.Source >> 24 == LoopbackNetwork || (Mark == 0 && Original == Reply.Reversed))
        {
            return null;
        }

        return new ConntrackEntry(inbound ? Reply.Reversed : Original, Status, TimeoutSeconds, Mark, TcpState);
    }
}
