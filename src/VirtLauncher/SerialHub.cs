using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Threading.Channels;
using Godwit.Qemu;

namespace Godwit.VirtLauncher;

/// <summary>
/// Passes the guest's serial port to standard output (so that it can be read as the pod's log) and to every console client,
/// and the clients' keys to the guest. A slow client loses output; it never holds up the guest or the log.
/// </summary>
internal sealed class SerialHub : IAsyncDisposable
{
    /// <summary>Chunks that may wait for one client.</summary>
    private const int ClientBacklog = 256;

    private readonly Socket _guest;
    private readonly Socket _listener;
    private readonly Stream _output;
    private readonly ConcurrentDictionary<Client, Task> _clients = new();
    private readonly SemaphoreSlim _toGuest = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public SerialHub(Socket guest, string folder, Stream output)
    {
        _guest = guest;
        _output = output;
        _listener = UnixPath.Listen(folder, DomainFolder.SerialSocket);
        Drained = CopyAsync();
        _accepting = AcceptAsync();
    }

    /// <summary>Completes when the guest's last byte has been passed on: the port closes when QEMU ends.</summary>
    public Task Drained { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        _guest.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_clients.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _toGuest.Dispose();
    }

    private async Task CopyAsync()
    {
        var buffer = new byte[8192];
        try
        {
            int count;
            while ((count = await _guest.ReceiveAsync(buffer)) > 0)
            {
                // Written at once and in one piece: a line must not wait for the next.
                _output.Write(buffer, 0, count);
                _output.Flush();
                if (!_clients.IsEmpty)
                {
                    var chunk = buffer.AsSpan(0, count).ToArray();
                    foreach (var client in _clients.Keys)
                    {
                        client.Output.Writer.TryWrite(chunk);
                    }
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            ErrorOutput.Say($"the serial port is closed: {e.Message}");
        }
        finally
        {
            foreach (var client in _clients.Keys)
            {
                client.Output.Writer.TryComplete();
            }
        }
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            var client = new Client(socket);
            _clients[client] = Task.CompletedTask;
            _clients[client] = ServeAsync(client);
            if (Drained.IsCompleted)
            {
                client.Output.Writer.TryComplete();
            }
        }
    }

    private async Task ServeAsync(Client client)
    {
        await Task.Yield();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        try
        {
            await Task.WhenAny(SendAsync(client, over.Token), ReceiveAsync(client, over.Token));
        }
        finally
        {
            await over.CancelAsync();
            client.Socket.Dispose();
            _clients.TryRemove(client, out _);
        }
    }

    private static async Task SendAsync(Client client, CancellationToken cancellationToken)
    {
        await foreach (var chunk in client.Output.Reader.ReadAllAsync(cancellationToken))
        {
            await SendAllAsync(client.Socket, chunk, cancellationToken);
        }
    }

    private async Task ReceiveAsync(Client client, CancellationToken cancellationToken)
    {
        var buffer = new byte[1024];
        int count;
        while ((count = await client.Socket.ReceiveAsync(buffer, cancellationToken)) > 0)
        {
            await _toGuest.WaitAsync(cancellationToken);
            try
            {
                await SendAllAsync(_guest, buffer.AsMemory(0, count), cancellationToken);
            }
            finally
            {
                _toGuest.Release();
            }
        }
    }

    private static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        while (data.Length > 0)
        {
            data = data[await socket.SendAsync(data, cancellationToken)..];
        }
    }

    private sealed class Client(Socket socket)
    {
        public Socket Socket { get; } = socket;

        public Channel<byte[]> Output { get; } = Channel.CreateBounded<byte[]>(
            new BoundedChannelOptions(ClientBacklog) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    }
}
