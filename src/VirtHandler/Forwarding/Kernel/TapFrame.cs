using System.Buffers.Binary;
using System.Net.NetworkInformation;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>A frame as it is read from a tap: the header of virtio, which may be longer than what packet sockets take or not there, and Ethernet.</summary>
internal static class TapFrame
{
    /// <summary>Ethernet's number of IPv4.</summary>
    public const ushort Ipv4 = 0x0800;

    private const int EthernetHeader = 14;
    private const int AddressLength = 6;

    /// <summary>
    /// Makes of what was read what a <see cref="PacketSocket"/> sends: the first 10 bytes of the header, or zeros, then the frame with other
    /// Ethernet addresses.
    /// </summary>
    /// <param name="read">What was read, behind <see cref="PacketSocket.OffloadHeader"/> bytes of room; changed in place.</param>
    /// <param name="headerLength">The length of the tap's header, 0 when it has none.</param>
    /// <param name="source">The new source address.</param>
    /// <param name="destination">The new destination address.</param>
    /// <returns>What to send; empty for what is not IPv4.</returns>
    public static Span<byte> Readdress(Span<byte> read, int headerLength, PhysicalAddress source, PhysicalAddress destination)
    {
        const int room = PacketSocket.OffloadHeader;
        var start = room + headerLength;
        if (read.Length < start + EthernetHeader || BinaryPrimitives.ReadUInt16BigEndian(read[(start + (2 * AddressLength))..]) != Ipv4)
        {
            return [];
        }

        var result = read[(start - room)..];
        if (headerLength >= room)
        {
            read.Slice(room, room).CopyTo(result);
        }
        else
        {
            result[..room].Clear();
        }

        destination.GetAddressBytes().CopyTo(result[room..]);
        source.GetAddressBytes().CopyTo(result[(room + AddressLength)..]);
        return result;
    }
}
