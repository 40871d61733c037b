using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>One direction of a flow.</summary>
/// <param name="Protocol">TCP, UDP or ICMP.</param>
/// <param name="Source">IPv4 address as a number, its first byte the highest.</param>
/// <param name="Destination">The same.</param>
/// <param name="SourcePort">Port, or the identifier of an ICMP echo.</param>
/// <param name="DestinationPort">Port; 0 for ICMP.</param>
/// <param name="IcmpType">8 for an echo, 0 for its answer; 0 for TCP and UDP.</param>
/// <param name="IcmpCode">0 for both, and for TCP and UDP.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FlowTuple(FlowProtocol Protocol, uint Source, uint Destination, ushort SourcePort, ushort DestinationPort, byte IcmpType = 0, byte IcmpCode = 0)
{
    /// <summary>ICMP's type of an echo request.</summary>
    public const byte EchoRequest = 8;

    /// <summary>ICMP's type of its answer.</summary>
    public const byte EchoReply = 0;

    public IPAddress SourceAddress => Address(Source);

    public IPAddress DestinationAddress => Address(Destination);

    /// <summary>The other direction.</summary>
    public FlowTuple Reversed => Protocol == FlowProtocol.Icmp
        ? this with { Source = Destination, Destination = Source, IcmpType = IcmpType == EchoRequest ? EchoReply : EchoRequest }
        : this with { Source = Destination, Destination = Source, SourcePort = DestinationPort, DestinationPort = SourcePort };

    /// <summary>A TCP connection from the first to the second.</summary>
    public static FlowTuple Tcp(IPEndPoint from, IPEndPoint to) => new(FlowProtocol.Tcp, Number(from.Address), Number(to.Address), (ushort)from.Port, (ushort)to.Port);

    /// <summary>A UDP flow that the first began.</summary>
    public static FlowTuple Udp(IPEndPoint from, IPEndPoint to) => new(FlowProtocol.Udp, Number(from.Address), Number(to.Address), (ushort)from.Port, (ushort)to.Port);

    /// <summary>Pings from the first to the second, with that identifier.</summary>
    public static FlowTuple Echo(IPAddress from, IPAddress to, ushort identifier) => new(FlowProtocol.Icmp, Number(from), Number(to), identifier, 0, EchoRequest);

    /// <summary>An IPv4 address as a number, its first byte the highest.</summary>
    /// <exception cref="ArgumentException">It is an IPv6 address.</exception>
    public static uint Number(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[4];
        return address.AddressFamily == AddressFamily.InterNetwork && address.TryWriteBytes(bytes, out _)
            ? BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : throw new ArgumentException($"{address} is no IPv4 address", nameof(address));
    }

    public override string ToString() => Protocol == FlowProtocol.Icmp
        ? $"ICMP {SourceAddress} to {DestinationAddress} id {SourcePort}"
        : $"{(Protocol == FlowProtocol.Tcp ? "TCP" : "UDP")} {SourceAddress}:{SourcePort} to {DestinationAddress}:{DestinationPort}";

    private static IPAddress Address(uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }
}
