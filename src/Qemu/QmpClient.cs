using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.Qemu;

/// <summary>
/// One QMP monitor: commands with an id and a deadline each, out-of-band commands, and an event log. Out-of-band execution
/// is always negotiated, because it is the only way to a QEMU whose main loop is blocked.
/// </summary>
public sealed class QmpClient : IAsyncDisposable
{
    /// <summary>
    /// QEMU stops reading its monitor when eight commands wait, and then reads no out-of-band command either. Commands that
    /// have passed their deadline still wait there, so they count.
    /// </summary>
    private const int MaxUnanswered = 6;

    private readonly Stream _stream;
    private readonly QmpClientOptions _options;
    private readonly ConcurrentDictionary<long, Pending> _pending = new();
    private readonly SemaphoreSlim _write = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<QmpGreeting> _greeting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _reader = Task.CompletedTask;
    private Exception? _closeReason;
    private long _lastId;
    private int _unanswered;

    private QmpClient(Stream stream, QmpClientOptions options)
    {
        _stream = stream;
        _options = options;
        Events = new QmpEventLog(options.EventCapacity, options.Time);
    }

    /// <summary>What QEMU said first: its version and whether the monitor can do out-of-band commands.</summary>
    public QmpGreeting Greeting { get; private set; } = QmpGreeting.None;

    public QmpEventLog Events { get; }

    /// <summary>Completes (never faults) when the connection has ended; <see cref="CloseReason"/> then says why.</summary>
    public Task Closed => _closed.Task;

    public string? CloseReason => _closeReason?.Message;

    /// <summary>Connects to a monitor's Unix socket and negotiates; see <see cref="UnixPath"/> for why folder and name are apart.</summary>
    public static async Task<QmpClient> ConnectAsync(
        string directory, string name, QmpClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new QmpClientOptions();
        var stream = await options.Connect(directory, name, cancellationToken).ConfigureAwait(false);
        return await StartAsync(stream, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes over a connected socket and negotiates.</summary>
    public static Task<QmpClient> StartAsync(Socket socket, QmpClientOptions options, CancellationToken cancellationToken) =>
        StartAsync(new NetworkStream(socket, ownsSocket: true), options, cancellationToken);

    /// <summary>Takes over a connected stream, which it closes in the end, and negotiates.</summary>
    public static async Task<QmpClient> StartAsync(Stream stream, QmpClientOptions options, CancellationToken cancellationToken)
    {
        var client = new QmpClient(stream, options);
        try
        {
            client._reader = client.ReadAsync();
            try
            {
                client.Greeting = await client._greeting.Task
                    .WaitAsync(options.ConnectDeadline, options.Time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException e)
            {
                throw new QmpUnavailableException(
                    $"no QMP greeting within {options.ConnectDeadline.TotalSeconds:0.#} s: another client holds this monitor, or QEMU is blocked",
                    timedOut: true, e);
            }

            var arguments = client.Greeting.OutOfBand ? new JsonObject { ["enable"] = new JsonArray("oob") } : null;
            await client.ExecuteAsync("qmp_capabilities", arguments, options.ConnectDeadline, cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Runs a command and gives its return value. <see cref="QmpException"/>: QEMU refused.
    /// <see cref="QmpUnavailableException"/>: no answer, effect unknown.
    /// </summary>
    public Task<JsonElement> ExecuteAsync(
        string command, JsonObject? arguments = null, TimeSpan? deadline = null, CancellationToken cancellationToken = default) =>
        SendAsync("execute", command, arguments, deadline ?? _options.CommandDeadline, cancellationToken);

    /// <summary>Runs a command beside the main loop: <c>yank</c>, <c>migrate-recover</c> and <c>migrate-pause</c> allow it.</summary>
    public Task<JsonElement> ExecuteOutOfBandAsync(
        string command, JsonObject? arguments = null, TimeSpan? deadline = null, CancellationToken cancellationToken = default) =>
        Greeting.OutOfBand
            ? SendAsync("exec-oob", command, arguments, deadline ?? _options.CommandDeadline, cancellationToken)
            : throw new NotSupportedException($"{command}: this monitor offers no out-of-band execution");

    public async ValueTask DisposeAsync()
    {
        Close(new QmpUnavailableException("the monitor connection was closed here", timedOut: false));
        await _stop.CancelAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        await _reader.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task<JsonElement> SendAsync(
        string verb, string command, JsonObject? arguments, TimeSpan deadline, CancellationToken cancellationToken)
    {
        ThrowIfClosed(command);
        var inBand = verb == "execute";
        if (inBand && Volatile.Read(ref _unanswered) >= MaxUnanswered)
        {
            throw new QmpUnavailableException(
                $"{command}: not sent, QEMU has left {MaxUnanswered} earlier commands unanswered", timedOut: true);
        }

        var id = Interlocked.Increment(ref _lastId);
        var pending = new Pending(command, inBand);
        _pending[id] = pending;
        if (inBand)
        {
            Interlocked.Increment(ref _unanswered);
        }

        using var timeout = new CancellationTokenSource(deadline, _options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await TakeTurnAsync(id, both.Token).ConfigureAwait(false);
            // A line half written would spoil the stream: the turn passes on when the line is out, though its caller may have left.
            await WriteAndReleaseAsync(Encode(verb, command, id, arguments)).WaitAsync(both.Token).ConfigureAwait(false);
            if (!pending.Reply.Task.IsCompleted)
            {
                // Closing may have run between the check above and the registration: look again, now that it would find us.
                ThrowIfClosed(command);
            }

            return await pending.Reply.Task.WaitAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new QmpUnavailableException($"{command}: no answer within {deadline.TotalSeconds:0.###} s", timedOut: true, e);
        }
        catch (Exception e) when ((e is IOException or SocketException or ObjectDisposedException) && pending.Reply.Task.IsCompleted)
        {
            // QEMU answered and went (quit): the answer counts.
            return await pending.Reply.Task.ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            Close(e);
            throw new QmpUnavailableException($"{command}: {_closeReason?.Message ?? e.Message}", timedOut: false, e);
        }
    }

    private static byte[] Encode(string verb, string command, long id, JsonObject? arguments)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString(verb, command);
            json.WriteNumber("id", id);
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

    /// <summary>Waits for the turn to write; a command that never gets it will not be answered, so it does not count as unanswered.</summary>
    private async Task TakeTurnAsync(long id, CancellationToken cancellationToken)
    {
        try
        {
            await _write.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_pending.TryRemove(id, out var pending))
        {
            Answered(pending);
            throw;
        }
    }

    private async Task WriteAndReleaseAsync(byte[] line)
    {
        try
        {
            await _stream.WriteAsync(line, _stop.Token).ConfigureAwait(false);
        }
        finally
        {
            _write.Release();
        }
    }

    private async Task ReadAsync()
    {
        var reader = PipeReader.Create(_stream, new StreamPipeReaderOptions(leaveOpen: true));
        Exception reason = new QmpUnavailableException("QEMU closed the monitor connection", timedOut: false);
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(_stop.Token).ConfigureAwait(false);
                var buffer = result.Buffer;
                while (buffer.PositionOf((byte)'\n') is { } end)
                {
                    Take(buffer.Slice(0, end));
                    buffer = buffer.Slice(buffer.GetPosition(1, end));
                }

                if (buffer.Length > _options.MaxLineBytes)
                {
                    reason = new QmpUnavailableException(
                        $"QEMU sent a line of more than {_options.MaxLineBytes} bytes", timedOut: false);
                    break;
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            reason = new QmpUnavailableException("the monitor connection was closed here", timedOut: false);
        }
        catch (JsonException e)
        {
            reason = new QmpUnavailableException($"QEMU sent a line that is not JSON: {e.Message}", timedOut: false, e);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            reason = new QmpUnavailableException($"the monitor connection broke: {e.Message}", timedOut: false, e);
        }
        finally
        {
            Close(reason);
            await reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    private void Take(in ReadOnlySequence<byte> line)
    {
        if (line.Length <= 1)
        {
            return;
        }

        using var document = JsonDocument.Parse(line);
        var root = document.RootElement;
        if (root.TryGetProperty("event", out var name))
        {
            var data = root.TryGetProperty("data", out var d) ? d.Clone() : default;
            Events.Add(name.GetString() ?? "", data, Timestamp(root));
            return;
        }

        if (root.TryGetProperty("QMP", out var greeting))
        {
            _greeting.TrySetResult(QmpGreeting.Parse(greeting));
            return;
        }

        // A reply that nobody waits for any more (its deadline passed) is dropped, but it has been answered.
        if (root.TryGetProperty("id", out var id) && id.TryGetInt64(out var number) && _pending.TryRemove(number, out var pending))
        {
            Answered(pending);
            if (root.TryGetProperty("error", out var error))
            {
                pending.Reply.TrySetException(new QmpException(
                    pending.Command,
                    error.TryGetProperty("class", out var c) ? c.GetString() ?? "" : "",
                    error.TryGetProperty("desc", out var t) ? t.GetString() ?? "" : ""));
            }
            else
            {
                pending.Reply.TrySetResult(root.TryGetProperty("return", out var value) ? value.Clone() : default);
            }
        }
    }

    private DateTimeOffset Timestamp(JsonElement root)
    {
        if (root.TryGetProperty("timestamp", out var t)
            && t.TryGetProperty("seconds", out var s) && s.TryGetInt64(out var seconds) && seconds >= 0
            && t.TryGetProperty("microseconds", out var m) && m.TryGetInt64(out var micros))
        {
            return DateTimeOffset.FromUnixTimeSeconds(seconds).AddMicroseconds(micros);
        }

        return _options.Time.GetUtcNow();
    }

    private void Answered(Pending pending)
    {
        if (pending.InBand)
        {
            Interlocked.Decrement(ref _unanswered);
        }
    }

    private void Close(Exception reason)
    {
        Interlocked.CompareExchange(ref _closeReason, reason, null);
        reason = _closeReason;
        _greeting.TrySetException(new QmpUnavailableException(reason.Message, timedOut: false, reason));
        _ = _greeting.Task.Exception;
        Events.Close(reason);
        foreach (var id in _pending.Keys)
        {
            if (_pending.TryRemove(id, out var pending))
            {
                Answered(pending);
                pending.Reply.TrySetException(
                    new QmpUnavailableException($"{pending.Command}: {reason.Message}", timedOut: false, reason));
                _ = pending.Reply.Task.Exception;
            }
        }

        _closed.TrySetResult();
    }

    private void ThrowIfClosed(string command)
    {
        if (Volatile.Read(ref _closeReason) is { } reason)
        {
            throw new QmpUnavailableException($"{command}: {reason.Message}", timedOut: false, reason);
        }
    }

    private sealed record Pending(string Command, bool InBand)
    {
        public TaskCompletionSource<JsonElement> Reply { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
