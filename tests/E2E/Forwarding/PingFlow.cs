using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Godwit.Tests.E2E.Forwarding;

/// <summary>Echo requests of ICMP with one identifier, which the guest's kernel answers.</summary>
internal sealed class PingFlow(string kind, Socket socket, ushort identifier, bool idle) : Flow(kind, socket, idle)
{
    private const int Header = 8;
    private const byte EchoRequest = 8;
    private const byte EchoReply = 0;

    public static async Task<PingFlow> ToAsync(IPAddress address, ushort identifier, bool idle)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp);
        await socket.ConnectAsync(new IPEndPoint(address, 0));
        return new PingFlow("ICMP echo", socket, identifier, idle);
    }

    protected override byte[] Wrap(byte[] record)
    {
        var packet = new byte[Header + record.Length];
        packet[0] = EchoRequest;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), identifier);
        record.CopyTo(packet, Header);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), Checksum(packet));
        return packet;
    }

    /// <summary>A raw socket gets all ICMP that comes from there, each with its IPv4 header.</summary>
    protected override ReadOnlySpan<byte> Unwrap(ReadOnlySpan<byte> received)
    {
        var packet = received.Length > 0 ? received[Math.Min((received[0] & 0xf) * 4, received.Length)..] : received;
        return packet.Length > Header && packet[0] == EchoReply && BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) == identifier ? packet[Header..] : [];
    }

    private static ushort Checksum(ReadOnlySpan<byte> packet)
    {
        var sum = 0u;
        for (var i = 0; i < packet.Length; i += 2)
        {
            sum += (uint)(packet[i] << 8) | (i + 1 < packet.Length ? packet[i + 1] : 0u);
        }

        while (sum >> 16 != 0)
        {
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
