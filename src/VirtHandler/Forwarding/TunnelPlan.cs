using System.Globalization;
using System.Text;
using Godwit.VirtHandler.Network;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>
/// What makes tunnels and what leads flows through them, as input for ip and nft. Pure. An old flow is one that conntrack carries a mark
/// for; a pod that a guest has left needs none, for all flows that it knows are old.
/// </summary>
public static class TunnelPlan
{
    private const int FirstTable = 100;
    private const int FirstRule = 1000;
    private const int FirstProbeRule = 1100;

    /// <summary>Makes the end in the pod that the guest leaves. Nothing goes through it before the guest's route is turned.</summary>
    /// <remarks>Without an IPv6 address of its own a device says nothing by itself: the other end may not be there yet.</remarks>
    public static string Outgoing(Tunnel tunnel)
    {
        var device = tunnel.OutgoingDevice;
        var probe = ForwardingNames.IncomingProbe(tunnel.Probe);
        return Lines(
            Device(device, tunnel.SourceMac, tunnel.SourceIp, tunnel.TargetIp, tunnel),
            $"link set {device} mtu {tunnel.Mtu} addrgenmode none up",
            $"neighbour replace {tunnel.Guest} lladdr {tunnel.TargetMac} dev {device} nud permanent",
            $"route replace {probe}/32 dev {device} src {tunnel.SourceIp}",
            $"neighbour replace {probe} lladdr {tunnel.TargetMac} dev {device} nud permanent");
    }

    /// <summary>Makes the end in the pod that the guest comes to, with a way back for the flows that carry its mark.</summary>
    public static string Incoming(Tunnel tunnel)
    {
        var device = tunnel.IncomingDevice;
        var (near, far) = (ForwardingNames.IncomingProbe(tunnel.Probe), ForwardingNames.OutgoingProbe(tunnel.Probe));
        var table = FirstTable + tunnel.Mark;
        return Lines(
            Device(device, tunnel.TargetMac, tunnel.TargetIp, tunnel.SourceIp, tunnel),
            $"link set {device} mtu {tunnel.Mtu} addrgenmode none up",
            // Reverse path filtering drops everything on a device without an address.
            $"address add {near}/32 dev {device}",
            $"neighbour replace {far} lladdr {tunnel.SourceMac} dev {device} nud permanent",
            $"neighbour replace {tunnel.SourceIp} lladdr {tunnel.SourceMac} dev {device} nud permanent",
            $"route replace default via {far} dev {device} onlink table {table}",
            $"route replace {tunnel.SourceIp}/32 dev {device} table {table}",
            $"rule add pref {FirstRule + tunnel.Mark} fwmark {Bits(tunnel.Mark)}/{Hex(ForwardingNames.MarkMask)} iif {PodWiring.BridgeName} lookup {table}",
            $"rule add pref {FirstProbeRule + tunnel.Mark} from {near} lookup {table}");
    }

    /// <summary>Removes what <see cref="Incoming"/> made beside the device; a line that finds nothing does no harm (<c>ip -force</c>).</summary>
    public static string IncomingLeftovers(int mark) => Lines(
        $"rule del pref {FirstRule + mark}",
        $"rule del pref {FirstProbeRule + mark}",
        $"route flush table {FirstTable + mark}",
        $"link del {ForwardingNames.IncomingDevice(mark)}");

    /// <summary>The script for sh that sets what a tunnel's device needs; <paramref name="device"/> is one of our own names.</summary>
    /// <remarks>
    /// rp_filter 2: the way back of what comes through a tunnel is another one. be_liberal: no windows are handed over, and a segment that
    /// seems out of them must not end a flow.
    /// </remarks>
    public static string Settings(string device) =>
        $"cd /proc/sys/net && echo 2 > ipv4/conf/{device}/rp_filter && echo 1 > netfilter/nf_conntrack_tcp_be_liberal";

    /// <summary>The whole table, made anew in one transaction.</summary>
    /// <param name="incoming">Tunnels by which old flows reach the guest here, the newest last.</param>
    /// <param name="outgoing">Tunnels to where the guest is, or is about to be.</param>
    /// <param name="refused">Tunnels at their end: whoever still speaks through one is told so.</param>
    public static string Rules(IReadOnlyList<Tunnel> incoming, IReadOnlyList<Tunnel> outgoing, IReadOnlyList<Tunnel> refused)
    {
        if (incoming.Count == 0 && outgoing.Count == 0)
        {
            return Emptied;
        }

        var guest = incoming.Concat(outgoing).First().Guest;
        var peers = string.Join(", ", incoming.Select(t => t.SourceIp).Concat(outgoing.Select(t => t.TargetIp)).Distinct(StringComparer.Ordinal));
        var known = incoming.Select(t => $"iifname \"{t.IncomingDevice}\" ct state new ct mark set {WithMark("ct mark", t.Mark)}");
        return Emptied + $$"""
            table ip {{ForwardingNames.Table}} {
              chain raw_in {
                type filter hook prerouting priority raw; policy accept;
                iifname "{{PodWiring.UplinkName}}" udp dport {{ForwardingNames.TunnelPort}} jump tunnel
              }
              chain tunnel {
                ip saddr { {{peers}} } notrack accept
                drop
              }
              chain raw_out {
                type filter hook output priority raw; policy accept;
                udp dport {{ForwardingNames.TunnelPort}} notrack
              }
              chain tell {
                type filter hook prerouting priority mangle; policy accept;
                iifname { "{{ForwardingNames.IncomingPrefix}}*", "{{ForwardingNames.OutgoingPrefix}}*" } ip saddr {{ForwardingNames.ProbeNetwork}} accept
                iifname { "{{ForwardingNames.IncomingPrefix}}*", "{{ForwardingNames.OutgoingPrefix}}*" } ip daddr {{ForwardingNames.ProbeNetwork}} accept
                iifname "{{ForwardingNames.OutgoingPrefix}}*" jump from_successor
                iifname "{{ForwardingNames.IncomingPrefix}}*" jump from_predecessor
                iifname "{{PodWiring.BridgeName}}" jump from_guest
              }
              chain from_successor {
                ip saddr != {{guest}} drop
                ct state invalid drop
                ct state new ct status & confirmed == 0 drop
              }
              chain from_predecessor {
                ip daddr != {{guest}} drop
            {{Indented(known)}}
              }
              chain from_guest {
            {{Indented(FromGuest(incoming))}}
              }
              chain refuse {
                type filter hook forward priority 0; policy accept;
            {{Indented(refused.SelectMany(t => Refusals(t, outgoing.Any(o => o.OutgoingDevice == t.OutgoingDevice) ? t.OutgoingDevice : t.IncomingDevice)))}}
              }
            }

            """;
    }

    private static string Emptied => $"table ip {ForwardingNames.Table}\ndelete table ip {ForwardingNames.Table}\n";

    private static string Device(string name, string mac, string local, string remote, Tunnel tunnel) => string.Create(
        CultureInfo.InvariantCulture,
        $"link add {name} address {mac} type vxlan id {tunnel.Vni} local {local} remote {remote} dstport {ForwardingNames.TunnelPort} srcport {ForwardingNames.TunnelPort} {ForwardingNames.TunnelPort + 1} nolearning ttl 64 df unset noudpcsum");

    // The first two are a safety net, for what the last look at conntrack missed: mid-stream segments belong to the newest predecessor.
    private static IEnumerable<string> FromGuest(IReadOnlyList<Tunnel> incoming)
    {
        if (incoming.Count == 0)
        {
            yield break;
        }

        const string MidStream = "meta l4proto tcp tcp flags & (syn | ack | rst | fin) != syn";
        var mask = Hex(ForwardingNames.MarkMask);
        var newest = incoming[^1].Mark;
        yield return $"ct state new {MidStream} ct mark & {mask} == 0 ct mark set {WithMark("ct mark", newest)}";
        yield return $"ct state invalid {MidStream} meta mark set {Bits(newest)}";
        yield return $"ct mark & {mask} != 0 meta mark set ct mark & {mask}";
        // A pod whose way is still to come: what the guest says on its flows must not leave with another address.
        yield return $"meta mark & {mask} != {{ 0x00000000, {string.Join(", ", incoming.Select(t => Bits(t.Mark)))} }} drop";
    }

    private static IEnumerable<string> Refusals(Tunnel tunnel, string device)
    {
        yield return $"oifname \"{device}\" meta l4proto tcp reject with tcp reset";
        yield return $"oifname \"{device}\" reject";
    }

    private static string WithMark(string what, int mark) => $"{what} & {Hex(~ForwardingNames.MarkMask)} | {Bits(mark)}";

    private static string Bits(int mark) => Hex(ForwardingNames.Bits(mark));

    private static string Hex(uint value) => "0x" + value.ToString("x8", CultureInfo.InvariantCulture);

    private static string Indented(IEnumerable<string> lines) => string.Join('\n', lines.Select(line => "    " + line));

    private static string Lines(params ReadOnlySpan<string> lines)
    {
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }
}
