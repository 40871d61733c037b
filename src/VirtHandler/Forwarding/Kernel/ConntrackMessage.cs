namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>The kernel's form of a tracked flow (linux/netfilter/nfnetlink_conntrack.h), read and written.</summary>
internal static class ConntrackMessage
{
    public const ushort New = Subsystem << 8;
    public const ushort Get = (Subsystem << 8) | 1;
    public const ushort Delete = (Subsystem << 8) | 2;

    /// <summary>CTA_TUPLE_ORIG.</summary>
    public const int OriginalTuple = 1;
    private const int Subsystem = 1; // NFNL_SUBSYS_CTNETLINK
    private const int Header = 4; // struct nfgenmsg
    private const byte InterNetwork = 2; // AF_INET

    private const int ReplyTuple = 2; // CTA_TUPLE_REPLY
    private const int Status = 3;
    private const int ProtocolInfo = 4;
    private const int Timeout = 7;
    private const int Mark = 8;
    private const int MarkMask = 21;

    private const int TupleAddresses = 1; // CTA_TUPLE_IP
    private const int TupleProtocol = 2; // CTA_TUPLE_PROTO
    private const int SourceV4 = 1; // CTA_IP_V4_SRC
    private const int DestinationV4 = 2; // CTA_IP_V4_DST
    private const int ProtocolNumber = 1; // CTA_PROTO_NUM
    private const int SourcePort = 2;
    private const int DestinationPort = 3;
    private const int IcmpIdentifier = 4;
    private const int IcmpType = 5;
    private const int IcmpCode = 6;

    private const int TcpInfo = 1; // CTA_PROTOINFO_TCP
    private const int TcpState = 1;
    private const int TcpFlagsOriginal = 4;
    private const int TcpFlagsReply = 5;
    private const uint Confirmed = 1 << 3; // IPS_CONFIRMED: bit that the kernel sets on all and lets nobody take away
    private const ConntrackStatus Carried = ConntrackStatus.SeenReply | ConntrackStatus.Assured;

    // IP_CT_TCP_FLAG_SACK_PERM | IP_CT_TCP_FLAG_BE_LIBERAL. No windows are carried over, so the kernel must not judge by them.
    private const byte Lenient = 0x02 | 0x08;

    public static void WriteNew(NetlinkWriter writer, in ConntrackEntry entry)
    {
        Begin(writer, New, NetlinkWriter.Create);
        WriteTuple(writer, OriginalTuple, entry.Tuple);
        WriteTuple(writer, ReplyTuple, entry.Tuple.Reversed);
        writer.PutNetwork(Status, (uint)(entry.Status & Carried) | Confirmed);
        writer.PutNetwork(Timeout, Math.Max(1, entry.TimeoutSeconds));
        writer.PutNetwork(Mark, entry.Mark);
        if (entry.Tuple.Protocol == FlowProtocol.Tcp)
        {
            var info = writer.BeginNest(ProtocolInfo);
            var tcp = writer.BeginNest(TcpInfo);
            writer.Put(TcpState, (byte)entry.TcpState);

            // struct nf_ct_tcp_flags: the flags, and which of them are meant.
            writer.Put(TcpFlagsOriginal, [Lenient, Lenient]);
            writer.Put(TcpFlagsReply, [Lenient, Lenient]);
            writer.EndNest(tcp);
            writer.EndNest(info);
        }

        writer.End();
    }

    public static void WriteDelete(NetlinkWriter writer, in FlowTuple tuple)
    {
        Begin(writer, Delete, 0);
        WriteTuple(writer, OriginalTuple, tuple);
        writer.End();
    }

    /// <summary>Deletes by a tuple as the kernel gave it, of whatever protocol.</summary>
    public static void WriteDelete(NetlinkWriter writer, ReadOnlySpan<byte> tuple)
    {
        Begin(writer, Delete, 0);
        var nest = writer.BeginNest(OriginalTuple);
        tuple.CopyTo(writer.Reserve(tuple.Length));
        writer.EndNest(nest);
        writer.End();
    }

    /// <summary>Asks for all flows, or for all with a mark; a kernel that cannot choose by marks gives all.</summary>
    public static void WriteDump(NetlinkWriter writer, uint mark = 0, uint mask = 0)
    {
        Begin(writer, Get, NetlinkWriter.All);
        if (mask != 0)
        {
            writer.PutNetwork(Mark, mark);
            writer.PutNetwork(MarkMask, mask);
        }

        writer.End();
    }

    /// <summary>A flow of the kernel's answer; null when it is of a protocol that is not carried over.</summary>
    public static TrackedFlow? Read(ReadOnlySpan<byte> payload)
    {
        FlowTuple? original = null;
        FlowTuple? reply = null;
        var (status, timeout, mark, state) = (ConntrackStatus.None, 0u, 0u, TcpConntrackState.None);
        foreach (var attribute in Attributes(payload))
        {
            switch (attribute.Type)
            {
                case OriginalTuple:
                    original = ReadTuple(attribute);
                    break;
                case ReplyTuple:
                    reply = ReadTuple(attribute);
                    break;
                case Status:
                    status = (ConntrackStatus)attribute.NetworkUInt32 & Carried;
                    break;
                case Timeout:
                    timeout = attribute.NetworkUInt32;
                    break;
                case Mark:
                    mark = attribute.NetworkUInt32;
                    break;
                case ProtocolInfo:
                    state = ReadTcpState(attribute);
                    break;
            }
        }

        return original is { } o && reply is { } r && (o.Protocol != FlowProtocol.Icmp || o.IcmpType == FlowTuple.EchoRequest)
            ? new TrackedFlow(o, r, status, timeout, mark, state)
            : null;
    }

    /// <summary>The mark of a flow, and its original tuple as the kernel gave it.</summary>
    public static (uint Mark, byte[] Tuple) ReadMark(ReadOnlySpan<byte> payload)
    {
        var mark = 0u;
        byte[] tuple = [];
        foreach (var attribute in Attributes(payload))
        {
            if (attribute.Type == Mark)
            {
                mark = attribute.NetworkUInt32;
            }
            else if (attribute.Type == OriginalTuple)
            {
                tuple = attribute.Value.ToArray();
            }
        }

        return (mark, tuple);
    }

    private static NetlinkAttributes Attributes(ReadOnlySpan<byte> payload) => new(payload[Math.Min(Header, payload.Length)..]);

    private static void Begin(NetlinkWriter writer, ushort type, ushort flags)
    {
        writer.Begin(type, flags);
        writer.Reserve(Header)[0] = InterNetwork;
    }

    private static void WriteTuple(NetlinkWriter writer, int type, in FlowTuple tuple)
    {
        var nest = writer.BeginNest(type);
        var addresses = writer.BeginNest(TupleAddresses);
        writer.PutNetwork(SourceV4, tuple.Source);
        writer.PutNetwork(DestinationV4, tuple.Destination);
        writer.EndNest(addresses);
        var protocol = writer.BeginNest(TupleProtocol);
        writer.Put(ProtocolNumber, (byte)tuple.Protocol);
        if (tuple.Protocol == FlowProtocol.Icmp)
        {
            writer.PutNetwork(IcmpIdentifier, tuple.SourcePort);
            writer.Put(IcmpType, tuple.IcmpType);
            writer.Put(IcmpCode, tuple.IcmpCode);
        }
        else
        {
            writer.PutNetwork(SourcePort, tuple.SourcePort);
            writer.PutNetwork(DestinationPort, tuple.DestinationPort);
        }

        writer.EndNest(protocol);
        writer.EndNest(nest);
    }

    private static FlowTuple? ReadTuple(NetlinkAttribute tuple)
    {
        var read = default(FlowTuple);
        foreach (var part in tuple.Nested)
        {
            foreach (var attribute in part.Nested)
            {
                read = (part.Type, attribute.Type) switch
                {
                    (TupleAddresses, SourceV4) => read with { Source = attribute.NetworkUInt32 },
                    (TupleAddresses, DestinationV4) => read with { Destination = attribute.NetworkUInt32 },
                    (TupleProtocol, ProtocolNumber) => read with { Protocol = (FlowProtocol)attribute.Byte },
                    (TupleProtocol, SourcePort or IcmpIdentifier) => read with { SourcePort = attribute.NetworkUInt16 },
                    (TupleProtocol, DestinationPort) => read with { DestinationPort = attribute.NetworkUInt16 },
                    (TupleProtocol, IcmpType) => read with { IcmpType = attribute.Byte },
                    (TupleProtocol, IcmpCode) => read with { IcmpCode = attribute.Byte },
                    _ => read,
                };
            }
        }

        return read.Protocol is FlowProtocol.Icmp or FlowProtocol.Tcp or FlowProtocol.Udp ? read : null;
    }

    private static TcpConntrackState ReadTcpState(NetlinkAttribute info)
    {
        foreach (var tcp in info.Nested)
        {
            foreach (var attribute in tcp.Nested)
            {
                if (tcp.Type == TcpInfo && attribute.Type == TcpState)
                {
                    return (TcpConntrackState)attribute.Byte;
                }
            }
        }

        return TcpConntrackState.None;
    }
}
