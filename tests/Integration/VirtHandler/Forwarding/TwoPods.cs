using System.Net;
using System.Net.NetworkInformation;

namespace Godwit.Integration.VirtHandler.Forwarding;

/// <summary>
/// A client, two pods that it reaches, and a guest behind the first of them: a network namespace on a cable that can be plugged from one
/// pod's bridge into the other's. The pods have the rules that pods of guests have, and may get a tunnel between them.
/// </summary>
internal sealed class TwoPods : IAsyncDisposable
{
    public const uint Mark = 0x10000;
    public const uint MarkMask = 0xff0000;
    public const string ToTarget = "toT";
    public const string FromSource = "lg1";
    public const int Mtu = 1450;
    public static readonly IPAddress Guest = IPAddress.Parse("10.0.2.2");
    public static readonly IPAddress ClientAddress = IPAddress.Parse("10.88.0.1");
    public static readonly IPAddress SourceAddress = IPAddress.Parse("10.88.0.11");
    public static readonly IPAddress TargetAddress = IPAddress.Parse("10.88.0.12");

    /// <summary>The target's end of the tunnel, for the probe.</summary>
    public static readonly IPAddress TunnelEnd = IPAddress.Parse("169.254.101.2");
    public static readonly PhysicalAddress SourceMac = PhysicalAddress.Parse("02:4d:47:01:02:01");
    public static readonly PhysicalAddress TargetMac = PhysicalAddress.Parse("02:4d:47:01:02:02");
    private const string GuestMac = "02:00:00:aa:bb:cc";
    public const int Port = 47_899;

    private TwoPods(NetworkNamespace client, NetworkNamespace source, NetworkNamespace target, NetworkNamespace inside) =>
        (Client, Source, Target, Inside) = (client, source, target, inside);

    public NetworkNamespace Client { get; }

    public NetworkNamespace Source { get; }

    public NetworkNamespace Target { get; }

    /// <summary>The guest's own network.</summary>
    public NetworkNamespace Inside { get; }

    public static async Task<TwoPods> StartAsync()
    {
        var pods = new TwoPods(await NetworkNamespace.StartAsync(), await NetworkNamespace.StartAsync(), await NetworkNamespace.StartAsync(), await NetworkNamespace.StartAsync());
        try
        {
            await pods.Client.IpAsync("link add sw type bridge", $"address add {ClientAddress}/24 dev sw", "link set sw up");
            await pods.AddPodAsync(pods.Source, SourceAddress);
            await pods.AddPodAsync(pods.Target, TargetAddress);
            await pods.Inside.IpAsync(
                $"link add eth0 address {GuestMac} mtu {Mtu} type veth peer name cable netns {pods.Source.Name}", $"address add {Guest}/24 dev eth0", "link set eth0 up", "route add default via 10.0.2.1");
            await pods.Source.IpAsync($"link set cable mtu {Mtu} master k6t up");
            return pods;
        }
        catch
        {
            await pods.DisposeAsync();
            throw;
        }
    }

    /// <summary>Plugs the guest's cable from the source's bridge into the target's.</summary>
    public async Task PlugIntoTargetAsync()
    {
        await Source.IpAsync($"link set cable netns {Target.Name}");
        await Target.IpAsync("link set cable master k6t up");
    }

    /// <summary>A tunnel from the source to the target, and the rules and routes for the flows that will need it.</summary>
    public async Task ConnectAsync()
    {
        await AddTunnelAsync(Source, ToTarget, SourceAddress, TargetAddress, SourceMac);
        await Source.IpAsync(
            $"neighbour replace {Guest} lladdr {Text(TargetMac)} dev {ToTarget} nud permanent",
            $"route replace {TunnelEnd}/32 dev {ToTarget} src {SourceAddress}",
            $"neighbour replace {TunnelEnd} lladdr {Text(TargetMac)} dev {ToTarget} nud permanent");
        await AddTunnelAsync(Target, FromSource, TargetAddress, SourceAddress, TargetMac);
        await Target.IpAsync(
            $"address add {TunnelEnd}/32 dev {FromSource}",
            $"neighbour replace 169.254.101.1 lladdr {Text(SourceMac)} dev {FromSource} nud permanent",
            $"route replace default via 169.254.101.1 dev {FromSource} onlink table 101",
            $"route replace {SourceAddress}/32 dev {FromSource} table 101",
            $"rule add pref 1001 fwmark {Mark}/{MarkMask} iif k6t lookup 101",
            $"rule add pref 1101 from {TunnelEnd} lookup 101");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in (NetworkNamespace[])[Inside, Source, Target, Client])
        {
            await one.DisposeAsync();
        }
    }

    private static string Text(PhysicalAddress address) => string.Join(':', address.GetAddressBytes().Select(b => b.ToString("x2")));

    private static async Task AddTunnelAsync(NetworkNamespace pod, string name, IPAddress local, IPAddress remote, PhysicalAddress mac)
    {
        await pod.IpAsync(
            $"link add {name} address {Text(mac)} type vxlan id 77 local {local} remote {remote} dstport {Port} srcport {Port} {Port + 1} nolearning noudpcsum df unset",
            $"link set {name} mtu {Mtu} up");
        await pod.SetAsync(($"ipv4/conf/{name}/rp_filter", 2), ("netfilter/nf_conntrack_tcp_be_liberal", 1));
        await pod.NftAsync($$"""
            table ip linger {
              chain raw_in {
                type filter hook prerouting priority raw;
                iifname "eth0" udp dport {{Port}} jump tunnel
              }
              chain tunnel {
                ip saddr {{remote}} notrack accept
                drop
              }
              chain raw_out {
                type filter hook output priority raw;
                udp dport {{Port}} notrack
              }
              chain tell {
                type filter hook prerouting priority mangle;
                iifname { "lg*", "to*" } ip saddr 169.254.96.0/19 accept
                iifname { "lg*", "to*" } ip daddr 169.254.96.0/19 accept
                iifname "to*" jump from_successor
                iifname "lg*" jump from_predecessor
                iifname "k6t" ct mark & {{MarkMask}} != 0 meta mark set ct mark
              }
              chain from_successor {
                ip saddr != {{Guest}} drop
                ct state invalid drop
                ct state new ct status & confirmed == 0 drop
              }
              chain from_predecessor {
                ip daddr != {{Guest}} drop
                ct state new ct mark set {{Mark}}
              }
            }

            """);
    }

    private async Task AddPodAsync(NetworkNamespace pod, IPAddress address)
    {
        var port = $"p{address.GetAddressBytes()[3]}";
        await pod.SetAsync(("ipv4/ip_forward", 1), ("ipv4/conf/all/rp_filter", 1), ("ipv4/conf/default/rp_filter", 1), ("ipv6/conf/all/disable_ipv6", 1), ("ipv6/conf/default/disable_ipv6", 1));
        await Client.IpAsync($"link add {port} type veth peer name eth0 netns {pod.Name}", $"link set {port} master sw up");
        await pod.IpAsync(
            $"address add {address}/24 dev eth0",
            $"link set eth0 mtu {Mtu} up",
            // A bridge that snoops reports itself to 224.0.0.106 at a time of its own: one frame more than the tests count.
            $"link add k6t address 02:00:00:00:00:00 mtu {Mtu} type bridge mcast_snooping 0",
            "address add 10.0.2.1/24 dev k6t",
            "link set k6t up",
            $"neighbour replace {Guest} lladdr {GuestMac} dev k6t nud permanent");
        await pod.NftAsync($$"""
            table ip nat {
              chain pre {
                type nat hook prerouting priority -100;
                iifname "eth0" dnat to {{Guest}}
              }
              chain post {
                type nat hook postrouting priority 100;
                oifname "eth0" ip saddr {{Guest}} udp sport {{Port}} masquerade to :32768-47898
                oifname "eth0" ip saddr {{Guest}} masquerade
              }
              chain mss {
                type filter hook forward priority mangle;
                tcp flags & (syn|rst) == syn tcp option maxseg size > {{Mtu - 90}} tcp option maxseg size set {{Mtu - 90}}
              }
            }

            """);
    }
}
