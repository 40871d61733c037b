using System.Buffers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.Qemu;

/// <summary>
/// One session with the agent inside a guest, over its virtio-serial channel. The channel knows no sessions: it may still hold
/// what an earlier client left unread, and a guest that does not listen looks like one that thinks. So every session begins
/// with <c>guest-sync-delimited</c>, one command is under way at a time, and each has a deadline after which the session is over.
/// </summary>
public sealed class GuestAgentClient : IAsyncDisposable
{
    /// <summary>Breaks off whatever is half said on the channel, in both directions.</summary>
    private const byte Delimiter = 0xFF;

    private readonly NetworkStream _stream;
    private readonly GuestAgentOptions _options;
    private readonly byte[] _chunk = new byte[8192];
    private readonly ArrayBufferWriter<byte> _line = new();
    private int _read;
    private int _filled;
    private bool _broken;

    private GuestAgentClient(Socket socket, GuestAgentOptions options)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        _options = options;
    }

    /// <summary>Connects to the channel's socket (<see cref="DomainFolder.AgentSocket"/>) and finds the agent.</summary>
    public static async Task<GuestAgentClient> ConnectAsync(
        string directory, string name, GuestAgentOptions? options = null, CancellationToken cancellationToken = default)
    {
        var socket = await UnixPath.ConnectAsync(directory, name, cancellationToken).ConfigureAwait(false);
        return await StartAsync(socket, options ?? new GuestAgentOptions(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes over a connected socket and finds the agent.</summary>
    public static async Task<GuestAgentClient> StartAsync(Socket socket, GuestAgentOptions options, CancellationToken cancellationToken)
    {
        var client = new GuestAgentClient(socket, options);
        try
        {
            await client.WithinDeadlineAsync("guest-sync-delimited", client.SyncAsync, cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Runs a command and gives its return value. <see cref="QmpException"/>: the agent refused.
    /// <see cref="GuestAgentUnavailableException"/>: no answer, and this session is over.
    /// </summary>
    public Task<JsonElement> ExecuteAsync(string command, JsonObject? arguments = null, CancellationToken cancellationToken = default) =>
        WithinDeadlineAsync(
            command,
            async ct =>
            {
                await _stream.WriteAsync(Encode(command, arguments), ct).ConfigureAwait(false);
                return ReadReply(command, await ReadLineAsync(ct).ConfigureAwait(false));
            },
            cancellationToken);

    /// <summary>Sends a command that has no answer when it succeeds, such as <c>guest-shutdown</c>.</summary>
    public Task SendAsync(string command, JsonObject? arguments = null, CancellationToken cancellationToken = default) =>
        WithinDeadlineAsync(
            command,
            async ct =>
            {
                await _stream.WriteAsync(Encode(command, arguments), ct).ConfigureAwait(false);
                return default;
            },
            cancellationToken);

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task<JsonElement> WithinDeadlineAsync(
        string command, Func<CancellationToken, Task<JsonElement>> exchange, CancellationToken cancellationToken)
    {
        if (_broken)
        {
            throw new GuestAgentUnavailableException($"{command}: the session with the guest agent is over");
        }

        using var timeout = new CancellationTokenSource(_options.Deadline, _options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await exchange(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            // A late answer would be taken for that of the next command.
            _broken = true;
            cancellationToken.ThrowIfCancellationRequested();
            throw new GuestAgentUnavailableException($"{command}: no answer within {_options.Deadline.TotalSeconds:0.###} s", e);
        }
        catch (Exception e) when (e is IOException or SocketException or JsonException)
        {
            _broken = true;
            throw new GuestAgentUnavailableException($"{command}: {e.Message}", e);
        }
    }

    /// <summary>Reads on until the agent repeats our number behind a delimiter: all that comes before is somebody else's.</summary>
    private async Task<JsonElement> SyncAsync(CancellationToken cancellationToken)
    {
        long id = Random.Shared.Next(1, int.MaxValue);
        await _stream.WriteAsync(new[] { Delimiter }, cancellationToken).ConfigureAwait(false);
        await _stream.WriteAsync(Encode("guest-sync-delimited", new JsonObject { ["id"] = id }), cancellationToken).ConfigureAwait(false);
        while (true)
        {
            while (await ReadByteAsync(cancellationToken).ConfigureAwait(false) != Delimiter)
            {
            }

            var line = await ReadLineAsync(cancellationToken).ConfigureAwait(false);
            if (line.TryGetProperty("return", out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number == id)
            {
                return value;
            }
        }
    }

    private async Task<JsonElement> ReadLineAsync(CancellationToken cancellationToken)
    {
        _line.ResetWrittenCount();
        while (await ReadByteAsync(cancellationToken).ConfigureAwait(false) is var next && next != (byte)'\n')
        {
            if (_line.WrittenCount >= _options.MaxReplyBytes)
            {
                throw new IOException($"the guest agent sent more than {_options.MaxReplyBytes} bytes in one line");
            }

            _line.GetSpan(1)[0] = next;
            _line.Advance(1);
        }

        using var document = JsonDocument.Parse(_line.WrittenMemory);
        return document.RootElement.ValueKind == JsonValueKind.Object
            ? document.RootElement.Clone()
            : throw new JsonException("the guest agent sent a line that is no object");
    }

    private async ValueTask<byte> ReadByteAsync(CancellationToken cancellationToken)
    {
        if (_read == _filled)
        {
            _read = 0;
            _filled = await _stream.ReadAsync(_chunk, cancellationToken).ConfigureAwait(false);
            if (_filled == 0)
            {
                throw new IOException("QEMU closed the guest agent's channel");
            }
        }

        return _chunk[_read++];
    }

    private static byte[] Encode(string command, JsonObject? arguments)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("execute", command);
            if (arguments is not null)
            {
                json.WritePropertyName("arguments");
                arguments.WriteTo(json);
            }

            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static JsonElement ReadReply(string command, JsonElement reply) => reply.TryGetProperty("error", out var error)
        ? throw new QmpException(
            command,
            error.TryGetProperty("class", out var c) ? c.GetString() ?? "" : "",
            error.TryGetProperty("desc", out var t) ? t.GetString() ?? "" : "")
        : reply.TryGetProperty("return", out var value) ? value : default;
}
