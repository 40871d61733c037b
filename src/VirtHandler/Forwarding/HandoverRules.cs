using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Godwit.VirtHandler.Forwarding.Kernel;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>What a target takes from those who call it. Pure.</summary>
public static class HandoverRules
{
    private const int LeastMtu = 576;
    private const int LargestMtu = 65_535;

    /// <summary>Why a caller is sent away; null when it is not.</summary>
    /// <param name="hello">Its word.</param>
    /// <param name="from">The address that it calls from.</param>
    /// <param name="migrationUid">The migration with which the guest arrives.</param>
    /// <param name="guest">The guest's address behind the masquerade.</param>
    /// <param name="expected">The addresses of the pods that may call.</param>
    public static string? Refusal(HandoverHello hello, IPAddress from, string migrationUid, string guest, IReadOnlySet<string> expected) => hello switch
    {
        { Version: not HandoverHello.CurrentVersion } =>
            $"version {hello.Version} of the hand-over is spoken there, {HandoverHello.CurrentVersion} here; both nodes need the same virt-handler",
        _ when hello.MigrationUid != migrationUid => $"it is about migration {hello.MigrationUid}, and here {migrationUid} is under way",
        _ when hello.Guest != guest => $"the guest has the address {hello.Guest} there and {guest} here",
        _ when hello.PodIp != from.ToString() => $"it says that it is {hello.PodIp}, and calls from {from}",
        _ when !expected.Contains(hello.PodIp) => $"no pod of this guest has the address {hello.PodIp}",
        { Mark: < 1 or > ForwardingNames.MostMarks } => $"mark {hello.Mark} is not between 1 and {ForwardingNames.MostMarks}",
        { Mtu: < LeastMtu or > LargestMtu } => $"an MTU of {hello.Mtu} is not between {LeastMtu} and {LargestMtu}",
        _ when !PhysicalAddress.TryParse(hello.Mac, out var mac) || mac.GetAddressBytes().Length != 6 => $"'{hello.Mac}' is no MAC address",
        _ when hello.Predecessors.Count > ForwardingNames.MostMarks || hello.Predecessors.Any(ip => !IsIpv4(ip)) => "its predecessors are no list of IPv4 addresses",
        _ => null,
    };

    /// <summary>
    /// The tunnel that a caller may go on with: its own of the same migration, as both ends have it. Its flows go on through it whatever
    /// becomes of this call; a new one would leave them without any for a moment, in which the guest may go.
    /// </summary>
    public static Tunnel? Earlier(HandoverHello hello, IEnumerable<Tunnel> incoming) => incoming.FirstOrDefault(tunnel =>
        tunnel.MigrationUid == hello.MigrationUid && tunnel.SourcePodUid == hello.PodUid && tunnel.SourceIp == hello.PodIp && tunnel.Mark == hello.Mark
        && tunnel.Vni == hello.Vni && tunnel.Probe == hello.Probe && tunnel.SourceMac == hello.Mac && tunnel.Guest == hello.Guest);

    /// <summary>The flows of a caller that are taken over: of this guest, with a mark of the caller or of a pod before it.</summary>
    public static IReadOnlyList<ConntrackEntry> Taken(IReadOnlyList<ConntrackEntry> flows, string guest)
    {
        var address = FlowTuple.Number(IPAddress.Parse(guest));
        return [.. flows.Where(flow =>
            ForwardingNames.Number(flow.Mark) > 0 && (flow.Mark & ~ForwardingNames.MarkMask) == 0
            && (flow.Tuple.Source == address || flow.Tuple.Destination == address))];
    }

    /// <summary>The lowest number that no predecessor has; 0 when there is none.</summary>
    public static int FreeMark(IEnumerable<Tunnel> incoming)
    {
        var taken = incoming.Select(tunnel => tunnel.Mark).ToHashSet();
        return Enumerable.Range(1, ForwardingNames.MostMarks).FirstOrDefault(mark => !taken.Contains(mark));
    }

    private static bool IsIpv4(string text) => IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetwork;
}
