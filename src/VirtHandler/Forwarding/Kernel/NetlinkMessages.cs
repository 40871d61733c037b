using System.Buffers.Binary;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>The messages in what was received at once. What is cut off or no message ends them.</summary>
internal ref struct NetlinkMessages(ReadOnlySpan<byte> received)
{
    private const int HeaderLength = 16;
    private ReadOnlySpan<byte> _rest = received;

    public NetlinkMessage Current { get; private set; }

    public readonly NetlinkMessages GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_rest.Length < HeaderLength || BinaryPrimitives.ReadInt32LittleEndian(_rest) is var length && (length < HeaderLength || length > _rest.Length))
        {
            return false;
        }

        Current = new NetlinkMessage(
            BinaryPrimitives.ReadUInt16LittleEndian(_rest[4..]),
            BinaryPrimitives.ReadUInt16LittleEndian(_rest[6..]),
            BinaryPrimitives.ReadUInt32LittleEndian(_rest[8..]),
            _rest[HeaderLength..length]);
        _rest = _rest[Math.Min((length + 3) & ~3, _rest.Length)..];
        return true;
    }
}
