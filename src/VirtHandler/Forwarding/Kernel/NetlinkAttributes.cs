using System.Buffers.Binary;

namespace Godwit.VirtHandler.Forwarding.Kernel;

/// <summary>The attributes in a message or in another attribute. What is cut off ends them.</summary>
internal ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private const int HeaderLength = 4;
    private const int TypeMask = 0x3fff;
    private ReadOnlySpan<byte> _rest = bytes;

    public NetlinkAttribute Current { get; private set; }

    public readonly NetlinkAttributes GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_rest.Length < HeaderLength || BinaryPrimitives.ReadUInt16LittleEndian(_rest) is var length && (length < HeaderLength || length > _rest.Length))
        {
            return false;
        }

        Current = new NetlinkAttribute(BinaryPrimitives.ReadUInt16LittleEndian(_rest[2..]) & TypeMask, _rest[HeaderLength..length]);
        _rest = _rest[Math.Min((length + 3) & ~3, _rest.Length)..];
        return true;
    }
}
