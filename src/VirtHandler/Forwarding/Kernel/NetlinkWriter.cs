using System.Buffers.Binary;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>
/// Requests to the kernel, one behind the other, as include/uapi/linux/netlink.h lays them out: a header of 16 bytes, the header of the family,
/// attributes, each aligned to 4 bytes. Numbers of netlink itself are in the machine's order, those of conntrack in the network's.
/// </summary>
internal sealed class NetlinkWriter(int capacity)
{
    /// <summary>This is a request; the kernel looks at nothing else.</summary>
    public const ushort Request = 0x1;

    /// <summary>The kernel answers also when all went well.</summary>
    public const ushort Acknowledge = 0x4;

    /// <summary>All there are.</summary>
    public const ushort All = 0x300;
    public const ushort Replace = 0x100;
    public const ushort Create = 0x400;

    private const ushort Nested = 0x8000;
    private const int HeaderLength = 16;
    private const int AttributeHeader = 4;
    private readonly byte[] _buffer = new byte[capacity];
    private int _message;

    public int Length { get; private set; }

    public int Count { get; private set; }

    /// <summary>The number of the request begun last.</summary>
    public uint Sequence { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public void Clear() => (Length, Count) = (0, 0);

    /// <summary>Begins a request.</summary>
    public void Begin(ushort type, ushort flags)
    {
        _message = Length;
        Sequence++;
        Count++;
        var header = Reserve(HeaderLength);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], (ushort)(flags | Request));
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Sequence);
    }

    /// <summary>Ends the request that was begun last.</summary>
    public void End() => BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_message), Length - _message);

    /// <summary>Has the kernel acknowledge the request that was ended last.</summary>
    public void AcknowledgeLast() => _buffer[_message + 6] |= (byte)Acknowledge;

    /// <summary>Room for a header, zeroed.</summary>
    public Span<byte> Reserve(int length)
    {
        var room = _buffer.AsSpan(Length, Align(length));
        room.Clear();
        Length += room.Length;
        return room[..length];
    }

    public void Put(int type, ReadOnlySpan<byte> value)
    {
        var room = Reserve(AttributeHeader + value.Length);
        BinaryPrimitives.WriteInt16LittleEndian(room, (short)room.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(room[2..], (ushort)type);
        value.CopyTo(room[AttributeHeader..]);
    }

    public void Put(int type, byte value) => Put(type, [value]);

    public void PutHost(int type, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Put(type, bytes);
    }

    public void PutNetwork(int type, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        Put(type, bytes);
    }

    public void PutNetwork(int type, ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        Put(type, bytes);
    }

    /// <summary>Begins an attribute of attributes; give what it returns to <see cref="EndNest"/>.</summary>
    public int BeginNest(int type)
    {
        var start = Length;
        BinaryPrimitives.WriteUInt16LittleEndian(Reserve(AttributeHeader)[2..], (ushort)(type | Nested));
        return start;
    }

    public void EndNest(int start) => BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(start), (ushort)(Length - start));

    private static int Align(int length) => (length + 3) & ~3;
}
