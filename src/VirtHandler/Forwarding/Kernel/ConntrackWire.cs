using System.Buffers.Binary;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>
/// Flows as bytes, for the way from one node's agent to another's: four bytes that name the form, the number of flows, and for each a record of
/// <see cref="RecordLength"/> bytes, all in the network's order.
/// </summary>
public static class ConntrackWire
{
    /// <summary>More are never sent at once.</summary>
    public const int MostEntries = 70_000;

    /// <summary>Protocol, TCP state, ICMP type, ICMP code, source, destination, source port, destination port, status, mark, time-out.</summary>
    public const int RecordLength = 25;

    private const uint Magic = 0x47435431; // "GCT1"
    private const int HeaderLength = 8;
    private const ConntrackStatus AllStatus = ConntrackStatus.SeenReply | ConntrackStatus.Assured;

    /// <exception cref="ArgumentException">There are more than <see cref="MostEntries"/>, or one that <see cref="Decode"/> would not take.</exception>
    public static byte[] Encode(IReadOnlyList<ConntrackEntry> entries)
    {
        if (entries.Count > MostEntries)
        {
            throw new ArgumentException($"{entries.Count} flows are more than the {MostEntries} that can be sent at once", nameof(entries));
        }

        var bytes = new byte[HeaderLength + (RecordLength * entries.Count)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4), entries.Count);
        for (var i = 0; i < entries.Count; i++)
        {
            if (Fault(entries[i]) is { } fault)
            {
                throw new ArgumentException($"flow {i} cannot be sent: {fault}", nameof(entries));
            }

            Write(bytes.AsSpan(HeaderLength + (RecordLength * i)), entries[i]);
        }

        return bytes;
    }

    /// <exception cref="InvalidDataException">The bytes are not what <see cref="Encode"/> makes.</exception>
    public static IReadOnlyList<ConntrackEntry> Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength || BinaryPrimitives.ReadUInt32BigEndian(bytes) != Magic)
        {
            throw new InvalidDataException("these bytes are no list of connections");
        }

        var count = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        if (count > MostEntries || bytes.Length != HeaderLength + (RecordLength * (int)count))
        {
            throw new InvalidDataException($"a list of {count} connections (at most {MostEntries}) cannot have {bytes.Length} bytes");
        }

        var entries = new ConntrackEntry[count];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = Read(bytes.Slice(HeaderLength + (RecordLength * i), RecordLength));
            if (Fault(entries[i]) is { } fault)
            {
                throw new InvalidDataException($"connection {i} is not valid: {fault}");
            }
        }

        return entries;
    }

    private static void Write(Span<byte> record, in ConntrackEntry entry)
    {
        record[0] = (byte)entry.Tuple.Protocol;
        record[1] = (byte)entry.TcpState;
        record[2] = entry.Tuple.IcmpType;
        record[3] = entry.Tuple.IcmpCode;
        BinaryPrimitives.WriteUInt32BigEndian(record[4..], entry.Tuple.Source);
        BinaryPrimitives.WriteUInt32BigEndian(record[8..], entry.Tuple.Destination);
        BinaryPrimitives.WriteUInt16BigEndian(record[12..], entry.Tuple.SourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(record[14..], entry.Tuple.DestinationPort);
        record[16] = (byte)entry.Status;
        BinaryPrimitives.WriteUInt32BigEndian(record[17..], entry.Mark);
        BinaryPrimitives.WriteUInt32BigEndian(record[21..], entry.TimeoutSeconds);
    }

    private static ConntrackEntry Read(ReadOnlySpan<byte> record) => new(
        new FlowTuple(
            (FlowProtocol)record[0],
            BinaryPrimitives.ReadUInt32BigEndian(record[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(record[8..]),
            BinaryPrimitives.ReadUInt16BigEndian(record[12..]),
            BinaryPrimitives.ReadUInt16BigEndian(record[14..]),
            record[2],
            record[3]),
        (ConntrackStatus)record[16],
        BinaryPrimitives.ReadUInt32BigEndian(record[21..]),
        BinaryPrimitives.ReadUInt32BigEndian(record[17..]),
        (TcpConntrackState)record[1]);

    private static string? Fault(in ConntrackEntry entry)
    {
        var tuple = entry.Tuple;
        var isIcmp = tuple.Protocol == FlowProtocol.Icmp;
        return tuple.Protocol is not (FlowProtocol.Icmp or FlowProtocol.Tcp or FlowProtocol.Udp) ? $"protocol {(byte)tuple.Protocol} is not carried over"
            : isIcmp && (tuple.IcmpType != FlowTuple.EchoRequest || tuple.IcmpCode != 0 || tuple.DestinationPort != 0) ? "of ICMP only echoes are carried over"
            : !isIcmp && (tuple.IcmpType != 0 || tuple.IcmpCode != 0) ? "a flow that is not of ICMP has no ICMP type and code"
            : entry.TcpState > (tuple.Protocol == FlowProtocol.Tcp ? TcpConntrackState.SynSent2 : TcpConntrackState.None) ? $"TCP state {(byte)entry.TcpState} is unknown or not one of this protocol"
            : (entry.Status & ~AllStatus) != ConntrackStatus.None ? $"status {(int)entry.Status:x} is unknown"
            : null;
    }
}
