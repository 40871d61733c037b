using System.Net.WebSockets;

namespace Godwit.Machinery;

/// <summary>Joins a WebSocket with a byte stream or with another WebSocket, until one side ends.</summary>
public static class StreamBridge
{
    private const int BufferSize = 16 * 1024;

    /// <summary>A peer that does not answer a closing word in this time is not waited for.</summary>
    private static readonly TimeSpan CloseGrace = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of the stream become binary messages; messages of either kind become bytes.</summary>
    public static Task RunAsync(WebSocket socket, Stream stream, CancellationToken ct) => BothAsync(
        socket,
        async token =>
        {
            var buffer = new byte[BufferSize];
            while (await ReceiveAsync(socket, buffer, token) is { } received)
            {
                await stream.WriteAsync(buffer.AsMemory(0, received.Count), token);
                await stream.FlushAsync(token);
            }
        },
        async token =>
        {
            var buffer = new byte[BufferSize];
            while (await stream.ReadAsync(buffer, token) is > 0 and var count)
            {
                await socket.SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Binary, endOfMessage: true, token);
            }
        },
        ct);

    /// <summary>Messages go over as they come.</summary>
    public static Task RunAsync(WebSocket one, WebSocket other, CancellationToken ct) =>
        BothAsync(one, token => PassAsync(one, other, token), token => PassAsync(other, one, token), ct, other);

    private static async Task PassAsync(WebSocket from, WebSocket to, CancellationToken ct)
    {
        var buffer = new byte[BufferSize];
        while (await ReceiveAsync(from, buffer, ct) is { } received)
        {
            await to.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, ct);
        }
    }

    private static async Task BothAsync(
        WebSocket socket, Func<CancellationToken, Task> one, Func<CancellationToken, Task> other, CancellationToken ct, WebSocket? second = null)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var fromSocket = one(stop.Token);
        var fromOther = other(stop.Token);
        await Task.WhenAny(fromSocket, fromOther);
        await CloseAsync(socket);
        await CloseAsync(second);

        // Cancelling a pending receive aborts a WebSocket, and the reset that follows may overtake the closing word on its way:
        // so each peer is given the time to answer before what is left is cancelled.
        var answers = second is null ? fromSocket : Task.WhenAll(fromSocket, fromOther);
        await Task.WhenAny(answers, Task.Delay(CloseGrace, ct));
        await stop.CancelAsync();
        await Task.WhenAll(fromSocket, fromOther).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private static async Task CloseAsync(WebSocket? socket)
    {
        if (socket?.State is not (WebSocketState.Open or WebSocketState.CloseReceived))
        {
            return;
        }

        using var grace = new CancellationTokenSource(CloseGrace);
        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, statusDescription: null, grace.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The other side is gone already.
        }
    }

    private static async Task<ValueWebSocketReceiveResult?> ReceiveAsync(WebSocket socket, Memory<byte> buffer, CancellationToken ct)
    {
        var received = await socket.ReceiveAsync(buffer, ct);
        return received.MessageType == WebSocketMessageType.Close ? null : received;
    }
}
