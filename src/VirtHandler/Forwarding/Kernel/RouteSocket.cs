using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>
/// Routes and devices of one pod, over one rtnetlink socket that is kept open so that a change costs no process and no more than some ten
/// microseconds. Each call returns when the kernel has done what was asked. For any thread; calls take turns.
/// </summary>
public sealed class RouteSocket : IDisposable
{
    // linux/rtnetlink.h, linux/if_link.h.
    private const ushort NewLink = 16;
    private const ushort DeleteLinkRequest = 17;
    private const ushort GetLink = 18;
    private const ushort NewRoute = 24;
    private const ushort DeleteRoute = 25;
    private const ushort GetRoute = 26;
    private const int LinkName = 3; // IFLA_IFNAME
    private const int LinkStatistics = 23; // IFLA_STATS64
    private const int LinkExtent = 29; // IFLA_EXT_MASK
    private const uint WithoutStatistics = 8; // RTEXT_FILTER_SKIP_STATS
    private const int RouteDestination = 1; // RTA_DST
    private const int RouteDevice = 4; // RTA_OIF
    private const int LinkHeader = 16; // struct ifinfomsg
    private const int RouteHeader = 12; // struct rtmsg
    private const byte InterNetwork = 2; // AF_INET
    private const byte MainTable = 254;
    private const byte ByAdministrator = 4; // RTPROT_STATIC
    private const byte OnLink = 253; // RT_SCOPE_LINK
    private const byte AnyScope = 255; // RT_SCOPE_NOWHERE
    private const byte Unicast = 1; // RTN_UNICAST
    private const int HostPrefix = 32;
    private const int NameLimit = 15; // IFNAMSIZ without the final 0

    private readonly NetlinkSocket _netlink;
    private readonly NetlinkWriter _request = new(1024);
    private readonly Lock _turn = new();

    internal RouteSocket(NetlinkSocket netlink) => _netlink = netlink;

    public void Dispose() => _netlink.Dispose();

    /// <summary>Leads an address to a device, in the main table, instead of wherever it was led to by a route of its own.</summary>
    /// <param name="destination">An IPv4 address; the route is for it alone.</param>
    /// <param name="device">A device of the pod that is up.</param>
    /// <exception cref="KernelException">There is no such device, it is down, or the agent may not.</exception>
    public void ReplaceHostRoute(IPAddress destination, string device)
    {
        lock (_turn)
        {
            var what = $"the route to {destination} cannot be set to {device}";
            var index = IndexOf(device) ?? throw KernelException.Of(what, Libc.NoDevice);
            WriteRoute(NewRoute, NetlinkWriter.Create | NetlinkWriter.Replace, destination, index, OnLink, ByAdministrator);
            Require(_netlink.Ask(_request, what), what);
        }
    }

    /// <summary>Takes the route away that <see cref="ReplaceHostRoute"/> made.</summary>
    /// <returns>False: there was none to this device.</returns>
    /// <exception cref="KernelException">The agent may not.</exception>
    public bool DeleteHostRoute(IPAddress destination, string device)
    {
        lock (_turn)
        {
            if (IndexOf(device) is not { } index)
            {
                return false;
            }

            var what = $"the route to {destination} over {device} cannot be deleted";
            WriteRoute(DeleteRoute, 0, destination, index, AnyScope, 0);
            var error = _netlink.Ask(_request, what);
            if (error == Libc.NoProcess)
            {
                return false;
            }

            Require(error, what);
            return true;
        }
    }

    /// <summary>Whether the main table leads exactly this address to the device.</summary>
    /// <exception cref="KernelException">The agent may not.</exception>
    public bool HasHostRoute(IPAddress destination, string device)
    {
        lock (_turn)
        {
            if (IndexOf(device) is not { } index)
            {
                return false;
            }

            var wanted = FlowTuple.Number(destination);
            var found = false;
            _netlink.Dump(
                _request,
                request =>
                {
                    found = false;
                    request.Begin(GetRoute, NetlinkWriter.All);
                    request.Reserve(RouteHeader)[0] = InterNetwork;
                    request.End();
                },
                "the pod's routes cannot be listed",
                message => found |= message.Type == NewRoute && IsHostRoute(message.Payload, wanted, index));
            return found;
        }
    }

    /// <summary>How many bytes a device has received and sent since it was made; null when there is no such device.</summary>
    /// <exception cref="KernelException">The agent may not.</exception>
    public (long Rx, long Tx)? ReadBytes(string device)
    {
        lock (_turn)
        {
            (long Rx, long Tx)? bytes = null;
            AskForLink(device, false, payload =>
            {
                foreach (var attribute in new NetlinkAttributes(payload[LinkHeader..]))
                {
                    // struct rtnl_link_stats64: packets received and sent, bytes received and sent, ...
                    if (attribute.Type == LinkStatistics && attribute.Value.Length >= 32)
                    {
                        bytes = (BinaryPrimitives.ReadInt64LittleEndian(attribute.Value[16..]), BinaryPrimitives.ReadInt64LittleEndian(attribute.Value[24..]));
                    }
                }
            });
            return bytes;
        }
    }

    /// <summary>Deletes a device, with all routes over it; nothing happens when it is not there.</summary>
    /// <exception cref="KernelException">The device is one that cannot be deleted, or the agent may not.</exception>
    public void DeleteLink(string device)
    {
        lock (_turn)
        {
            var what = $"the device {device} cannot be deleted";
            WriteLink(DeleteLinkRequest, device, false);
            var error = _netlink.Ask(_request, what);
            if (error != Libc.NoDevice)
            {
                Require(error, what);
            }
        }
    }

    private static bool IsHostRoute(ReadOnlySpan<byte> route, uint destination, uint device)
    {
        if (route.Length < RouteHeader || route[1] != HostPrefix || route[4] != MainTable)
        {
            return false;
        }

        var (toIt, overIt) = (false, false);
        foreach (var attribute in new NetlinkAttributes(route[RouteHeader..]))
        {
            toIt |= attribute.Type == RouteDestination && attribute.NetworkUInt32 == destination;
            overIt |= attribute.Type == RouteDevice && attribute.HostUInt32 == device;
        }

        return toIt && overIt;
    }

    /// <summary>The number of a device in the pod; asked anew each time, as a device of the same name may be another.</summary>
    private uint? IndexOf(string device)
    {
        uint? index = null;
        AskForLink(device, true, payload => index = BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]));
        return index;
    }

    private void AskForLink(string device, bool indexOnly, ReadOnlySpanAction answer)
    {
        var what = $"the device {device} cannot be looked up";
        WriteLink(GetLink, device, indexOnly);
        var error = _netlink.Ask(_request, what, message =>
        {
            if (message.Type == NewLink && message.Payload.Length >= LinkHeader)
            {
                answer(message.Payload);
            }
        });
        if (error != Libc.NoDevice)
        {
            Require(error, what);
        }
    }

    private void WriteLink(ushort type, string device, bool indexOnly)
    {
        Span<byte> name = stackalloc byte[NameLimit + 1];
        if (device.Length == 0 || !Encoding.ASCII.TryGetBytes(device, name[..NameLimit], out var length))
        {
            throw new ArgumentException($"\"{device}\" is no name of a device: it has 1 to {NameLimit} characters", nameof(device));
        }

        name[length] = 0;
        _request.Clear();
        _request.Begin(type, NetlinkWriter.Acknowledge);
        _request.Reserve(LinkHeader);
        _request.Put(LinkName, name[..(length + 1)]);
        if (indexOnly)
        {
            _request.PutHost(LinkExtent, WithoutStatistics);
        }

        _request.End();
    }

    private void WriteRoute(ushort type, ushort flags, IPAddress destination, uint device, byte scope, byte protocol)
    {
        _request.Clear();
        _request.Begin(type, (ushort)(flags | NetlinkWriter.Acknowledge));
        ReadOnlySpan<byte> header = [InterNetwork, HostPrefix, 0, 0, MainTable, protocol, scope, Unicast];
        header.CopyTo(_request.Reserve(RouteHeader));
        _request.PutNetwork(RouteDestination, FlowTuple.Number(destination));
        _request.PutHost(RouteDevice, device);
        _request.End();
    }

    private static void Require(int error, string what)
    {
        if (error != 0)
        {
            throw KernelException.Of(what, error);
        }
    }

    private delegate void ReadOnlySpanAction(ReadOnlySpan<byte> payload);
}
