using System.Net;
using System.Net.Sockets;

namespace Godwit.Integration.LocalCluster;

/// <summary>A way to a server that can go dead: what is open then stays open, and carries nothing; what is opened later is as ever.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly EndPoint _server;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _ways = [];
    private readonly Task _accepting;
    private CancellationTokenSource _open = new();

    public Relay(EndPoint server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Opened { get; private set; }

    /// <summary>As if the server had lost power: nobody hears of it.</summary>
    public void GoDead()
    {
        var open = _open;
        _open = new CancellationTokenSource();
        open.Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _open.CancelAsync();
        await _accepting;
        await Task.WhenAll(_ways);
        _open.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                Opened++;
                _ways.Add(CarryAsync(client, _open.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task CarryAsync(Socket client, CancellationToken dead)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using (client)
        {
            try
            {
                await server.ConnectAsync(_server, _stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                return;
            }

            await Task.WhenAny(PumpAsync(client, server, dead), PumpAsync(server, client, dead));
            if (dead.IsCancellationRequested)
            {
                // Kept open until the test is over.
                await Task.Delay(Timeout.Infinite, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static async Task PumpAsync(Socket from, Socket to, CancellationToken dead)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, dead) is > 0 and var count)
            {
                await to.SendAsync(buffer.AsMemory(0, count), dead);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Its end is all that is to be told.
        }
    }
}
