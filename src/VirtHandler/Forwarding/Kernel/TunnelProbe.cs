using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>Finds out by a ping whether packets of a size get from one pod to another and back.</summary>
public static class TunnelProbe
{
    /// <summary>The headers of IPv4 and of ICMP's echo.</summary>
    private const int Headers = IpHeader + EchoHeader;
    private const int IpHeader = 20;
    private const int EchoHeader = 8;
    private const int LongestPacket = 65_535;

    /// <summary>Sends one ping and waits for its answer, with the very bytes that were sent.</summary>
    /// <param name="pod">The network of the pod that asks.</param>
    /// <param name="from">The pod's address to ask from; null leaves it to the pod's routes.</param>
    /// <param name="to">Whom to ask.</param>
    /// <param name="size">The size of the whole IPv4 packet in bytes, 28 to 65,535: what an MTU is compared with.</param>
    /// <param name="dontFragment">Whether a device whose MTU is smaller refuses it; else it goes in pieces.</param>
    /// <param name="deadline">How long to wait for the answer.</param>
    /// <param name="cancellationToken">Ends the waiting with an exception.</param>
    /// <returns>False: there was no answer, nor will there be one.</returns>
    /// <exception cref="KernelException">The agent may not send ICMP.</exception>
    public static async Task<bool> PingAsync(
        PodSockets pod, IPAddress? from, IPAddress to, int size, bool dontFragment, TimeSpan deadline, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, Headers);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, LongestPacket);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        using var socket = pod.NewIcmp();
        try
        {
            socket.DontFragment = dontFragment;
            socket.ReceiveBufferSize = 1 << 20;
            socket.Bind(new IPEndPoint(from ?? IPAddress.Any, 0));
            await socket.ConnectAsync(new IPEndPoint(to, 0), limit.Token);
            var request = Request(size - IpHeader);
            await socket.SendAsync(request, SocketFlags.None, limit.Token);
            var packet = new byte[LongestPacket];
            while (true)
            {
                // All ICMP between the two comes here, other pings' answers included.
                var length = await socket.ReceiveAsync(packet, SocketFlags.None, limit.Token);
                if (Answers(packet.AsSpan(0, length), request))
                {
                    return true;
                }
            }
        }
        catch (SocketException)
        {
            // Too big for the first device, no route, or a router on the way said no.
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>An echo request with a random identifier, number and content.</summary>
    private static byte[] Request(int length)
    {
        var request = RandomNumberGenerator.GetBytes(length);
        request.AsSpan(0, 4).Clear();
        request[0] = FlowTuple.EchoRequest;
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(2), Checksum(request));
        return request;
    }

    private static bool Answers(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> request)
    {
        var header = packet.Length > 0 ? (packet[0] & 0xf) * 4 : 0;
        if (packet.Length != header + request.Length)
        {
            return false;
        }

        // Identifier, number and content; the checksum differs, as the type does, and the kernel has looked at it.
        var answer = packet[header..];
        return answer[0] == FlowTuple.EchoReply && answer[4..].SequenceEqual(request[4..]);
    }

    private static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (; bytes.Length > 1; bytes = bytes[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        }

        sum += bytes.Length == 1 ? (uint)bytes[0] << 8 : 0;
        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~(sum + (sum >> 16));
    }
}
