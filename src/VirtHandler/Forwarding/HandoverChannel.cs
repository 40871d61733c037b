using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>
/// Messages between the agents of two pods: a byte that says what follows, four bytes of length, content. By hand, since flows are binary
/// and what goes with them is two small documents.
/// </summary>
internal sealed class HandoverChannel(Stream stream) : IAsyncDisposable
{
    /// <summary>Bytes; more than 65,000 flows need.</summary>
    private const int LongestMessage = 16 << 20;
    private const int HeaderLength = 5;
    private readonly byte[] _header = new byte[HeaderLength];

    public async Task SendAsync(HandoverMessage kind, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var message = new byte[HeaderLength + content.Length];
        message[0] = (byte)kind;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), content.Length);
        content.CopyTo(message.AsMemory(HeaderLength));
        await stream.WriteAsync(message, cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }

    public Task SendAsync<T>(HandoverMessage kind, T document, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(kind, JsonSerializer.SerializeToUtf8Bytes(document, type), cancellationToken);

    /// <summary>The next message; null when the other side has ended the connection.</summary>
    /// <exception cref="InvalidDataException">It is longer than any can be.</exception>
    public async Task<(HandoverMessage Kind, byte[] Content)?> ReadAsync(CancellationToken cancellationToken)
    {
        if (await stream.ReadAtLeastAsync(_header, HeaderLength, throwOnEndOfStream: false, cancellationToken) < HeaderLength)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(_header.AsSpan(1));
        if (length is < 0 or > LongestMessage)
        {
            throw new InvalidDataException($"a message of {length} bytes");
        }

        var content = new byte[length];
        await stream.ReadExactlyAsync(content, cancellationToken);
        return ((HandoverMessage)_header[0], content);
    }

    /// <summary>The next message, which must be of this kind.</summary>
    /// <exception cref="InvalidDataException">It is another.</exception>
    /// <exception cref="EndOfStreamException">The other side has ended the connection.</exception>
    public async Task<byte[]> ExpectAsync(HandoverMessage kind, CancellationToken cancellationToken) =>
        await ReadAsync(cancellationToken) switch
        {
            null => throw new EndOfStreamException("the other side has ended the connection"),
            var (got, content) when got == kind => content,
            var (got, _) => throw new InvalidDataException($"{got} came where {kind} was expected"),
        };

    /// <summary>A document of the other side.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static T Read<T>(byte[] content, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(content, type) ?? throw new InvalidDataException("null came where a document was expected");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    public static byte[] Number(int value)
    {
        var content = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(content, value);
        return content;
    }

    /// <exception cref="InvalidDataException">It is no number.</exception>
    public static int Number(byte[] content) =>
        content.Length == sizeof(int) ? BinaryPrimitives.ReadInt32BigEndian(content) : throw new InvalidDataException("a number has four bytes");

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(byte[] content) => Encoding.UTF8.GetString(content);

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
