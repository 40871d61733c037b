using System.Net;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>
/// What becomes of the connections of one pod, as the kernel tells it unasked. To read what has been told costs microseconds, where a listing
/// walks a table that all pods of the node share. Of a flow that began before this was opened nothing is told (nf_conntrack_events = 2, the
/// kernel's default). Not for several threads at once.
/// </summary>
public sealed class ConntrackEvents : IDisposable
{
    private const string Switch = "/proc/sys/net/netfilter/nf_conntrack_events";
    private const uint Groups = 0b111; // NFNLGRP_CONNTRACK_NEW, _UPDATE, _DESTROY
    private readonly NetlinkSocket _netlink;
    private readonly bool _telling;

    private ConntrackEvents(NetlinkSocket netlink, bool telling) => (_netlink, _telling) = (netlink, telling);

    public void Dispose() => _netlink.Dispose();

    /// <summary>Opens one in the network namespace of the calling thread.</summary>
    /// <exception cref="KernelException">The kernel lacks nf_conntrack_netlink, or the agent may not.</exception>
    internal static ConntrackEvents Open()
    {
        var netlink = NetlinkSocket.Open(NetlinkSocket.NetfilterFamily);
        try
        {
            netlink.Join(Groups);

            // A kernel that was built without, or is told not to, says nothing, and nobody would know that something had happened.
            return new ConntrackEvents(netlink, File.Exists(Switch) && File.ReadAllText(Switch).Trim() is not "0");
        }
        catch
        {
            netlink.Dispose();
            throw;
        }
    }

    /// <summary>Passes on what has been told since the last time. Never waits.</summary>
    /// <param name="guest">Whose flows are meant: the guest's IPv4 address in the pod.</param>
    /// <param name="flows">Is told of each change, in the order in which they came; and that something was lost, if so.</param>
    /// <exception cref="KernelException">The socket is broken.</exception>
    public void Read(IPAddress guest, FollowedFlows flows)
    {
        var address = FlowTuple.Number(guest);
        var whole = _netlink.Drain("what becomes of the pod's connections cannot be read", message =>
        {
            if (message.Type is ConntrackMessage.New or ConntrackMessage.Delete && ConntrackMessage.Read(message.Payload)?.SeenBy(address) is { } entry)
            {
                flows.Take(entry, ended: message.Type == ConntrackMessage.Delete);
            }
        });
        if (!whole || !_telling)
        {
            flows.Lose();
        }
    }
}
