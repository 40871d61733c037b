using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Godwit.Integration.VirtHandler.Forwarding;

/// <summary>Answers, over TCP and UDP, with the first bytes of what was said and with the address that said it.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    public const int Port = 7000;

    /// <summary>Each question and each answer: what tells it from others, and an address.</summary>
    public const int MessageLength = TokenLength + 24;
    public const int TokenLength = 8;

    private readonly Socket _tcp;
    private readonly Socket _udp;
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _work = [];

    private EchoServer(NetworkNamespace network)
    {
        _tcp = network.Sockets.ListenTcp(IPAddress.Any, Port);
        _udp = network.NewUdp();
        _udp.Bind(new IPEndPoint(IPAddress.Any, Port));
        _work.Add(AcceptAsync());
        _work.Add(AnswerUdpAsync());
    }

    public static EchoServer Start(NetworkNamespace network) => new(network);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_work);
        _tcp.Dispose();
        _udp.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync() => await UntilEndAsync(async () =>
    {
        while (true)
        {
            _work.Add(AnswerTcpAsync(await _tcp.AcceptAsync(_end.Token)));
        }
    });

    private async Task AnswerTcpAsync(Socket connection)
    {
        using (connection)
        {
            await UntilEndAsync(async () =>
            {
                var buffer = new byte[MessageLength];
                await using var stream = new NetworkStream(connection);
                while (true)
                {
                    await stream.ReadExactlyAsync(buffer, _end.Token);
                    Sign(buffer, connection.RemoteEndPoint!);
                    await stream.WriteAsync(buffer, _end.Token);
                }
            });
        }
    }

    private async Task AnswerUdpAsync() => await UntilEndAsync(async () =>
    {
        var buffer = new byte[MessageLength];
        while (true)
        {
            var received = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _end.Token);
            Sign(buffer, received.RemoteEndPoint);
            await _udp.SendToAsync(buffer, received.RemoteEndPoint, _end.Token);
        }
    });

    private static void Sign(Span<byte> message, EndPoint peer)
    {
        message[TokenLength..].Fill((byte)' ');
        Encoding.ASCII.GetBytes(peer.ToString()!, message[TokenLength..]);
    }

    private static async Task UntilEndAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException)
        {
            // The server ends, or a connection was broken: who asked will tell.
        }
    }
}
