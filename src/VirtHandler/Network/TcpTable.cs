using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Godwit.VirtHandler.Network;

/// <summary>Reads /proc/&lt;pid&gt;/net/tcp and tcp6, which show the sockets of that process's network namespace, in whatever state they are.</summary>
public static class TcpTable
{
    /// <summary>Of the sockets with this peer the inodes, by which a process's descriptors name them.</summary>
    public static IEnumerable<long> SocketsTo(string table, IPAddress peer, IReadOnlyCollection<int> ports) =>
        from line in table.Split('\n').Skip(1)
        let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        where fields.Length > 9 && IsOneOf(fields[2], peer, ports)
        select long.Parse(fields[9], CultureInfo.InvariantCulture);

    /// <summary>Words of 32 bits in the machine's own order, in hexadecimal, and the port.</summary>
    private static bool IsOneOf(string end, IPAddress peer, IReadOnlyCollection<int> ports)
    {
        var (address, port) = end.Split(':') is [var a, var p] ? (Convert.FromHexString(a), int.Parse(p, NumberStyles.HexNumber, CultureInfo.InvariantCulture)) : ([], 0);
        if (!ports.Contains(port))
        {
            return false;
        }

        for (var i = 0; i + 4 <= address.Length; i += 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(address.AsSpan(i), BinaryPrimitives.ReadUInt32BigEndian(address.AsSpan(i)));
        }

        var its = new IPAddress(address);
        return (its.IsIPv4MappedToIPv6 ? its.MapToIPv4() : its).Equals(peer);
    }
}
