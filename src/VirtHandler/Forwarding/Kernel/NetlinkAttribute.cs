using System.Buffers.Binary;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>One attribute; a number that is shorter than it should be reads as 0.</summary>
internal readonly ref struct NetlinkAttribute(int type, ReadOnlySpan<byte> value)
{
    public int Type { get; } = type;

    public ReadOnlySpan<byte> Value { get; } = value;

    /// <summary>The attributes within.</summary>
    public NetlinkAttributes Nested => new(Value);

    public byte Byte => Value.Length >= 1 ? Value[0] : (byte)0;

    public ushort NetworkUInt16 => BinaryPrimitives.TryReadUInt16BigEndian(Value, out var number) ? number : (ushort)0;

    public uint NetworkUInt32 => BinaryPrimitives.TryReadUInt32BigEndian(Value, out var number) ? number : 0;

    public uint HostUInt32 => BinaryPrimitives.TryReadUInt32LittleEndian(Value, out var number) ? number : 0;
}
