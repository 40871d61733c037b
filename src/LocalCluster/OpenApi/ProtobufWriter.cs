using System.Buffers;
using System.Text;

namespace Godwit.LocalCluster.OpenApi;

/// <summary>Writes the fields of one protobuf message that are texts or messages.</summary>
internal sealed class ProtobufWriter
{
    /// <summary>The wire type of what begins with its length.</summary>
    private const int Delimited = 2;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Adds a text; an empty one says the same as none, and is left out.</summary>
    public ProtobufWriter Text(int field, string text)
    {
        if (text.Length > 0)
        {
            Add(field, Encoding.UTF8.GetBytes(text));
        }

        return this;
    }

    /// <summary>Adds a message, also when nothing is in it.</summary>
    public ProtobufWriter Message(int field, ProtobufWriter message)
    {
        Add(field, message._bytes.WrittenSpan);
        return this;
    }

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    private void Add(int field, ReadOnlySpan<byte> content)
    {
        Number((uint)((field << 3) | Delimited));
        Number((uint)content.Length);
        _bytes.Write(content);
    }

    private void Number(uint value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _bytes.Write([(byte)(value | 0x80)]);
        }

        _bytes.Write([(byte)value]);
    }
}
