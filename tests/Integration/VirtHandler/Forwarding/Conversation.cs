using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Godwit.Integration.VirtHandler.Forwarding;

/// <summary>A flow with an <see cref="EchoServer"/> that is alive as long as it gets answers and has the address that it had at first.</summary>
internal sealed class Conversation : IDisposable
{
    private const int Attempts = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);
    private readonly Socket _socket;
    private Conversation(Socket socket) => _socket = socket;

    /// <summary>The address under which the other side knows this one; null before it has answered.</summary>
    public string? Address { get; private set; }

    public static async Task<Conversation> OverTcpAsync(NetworkNamespace from, IPAddress to, CancellationToken cancellationToken, int localPort = 0)
    {
        var socket = from.Sockets.NewTcp();
        socket.Bind(new IPEndPoint(IPAddress.Any, localPort));
        await socket.ConnectAsync(new IPEndPoint(to, EchoServer.Port), cancellationToken);
        return new Conversation(socket);
    }

    public static Conversation OverUdp(NetworkNamespace from, IPAddress to, int localPort = 0)
    {
        var socket = from.NewUdp();
        socket.Bind(new IPEndPoint(IPAddress.Any, localPort));
        socket.Connect(new IPEndPoint(to, EchoServer.Port));
        return new Conversation(socket);
    }

    /// <summary>As many of each, from one network to an address.</summary>
    public static async Task<List<Conversation>> ManyAsync(int each, NetworkNamespace from, IPAddress to, CancellationToken cancellationToken)
    {
        var all = new List<Conversation>();
        for (var i = 0; i < each; i++)
        {
            all.Add(await OverTcpAsync(from, to, cancellationToken));
            all.Add(OverUdp(from, to));
        }

        return all;
    }

    /// <summary>How many of them are alive.</summary>
    public static async Task<int> CountAliveAsync(IEnumerable<Conversation> all, CancellationToken cancellationToken) =>
        (await Task.WhenAll(all.Select(one => one.IsAliveAsync(cancellationToken)))).Count(alive => alive);

    public void Dispose() => _socket.Dispose();

    private async Task<bool> IsAliveAsync(CancellationToken cancellationToken)
    {
        var question = new byte[EchoServer.MessageLength];
        RandomNumberGenerator.Fill(question.AsSpan(0, EchoServer.TokenLength));
        try
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                // TCP repeats by itself.
                if (attempt == 0 || _socket.SocketType == SocketType.Dgram)
                {
                    await _socket.SendAsync(question, cancellationToken);
                }

                if (await AnswerAsync(question, cancellationToken) is { } seen)
                {
                    return (Address ??= seen) == seen;
                }
            }

            return false;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The address under which the other side knows this one; null when it does not answer.</summary>
    private async Task<string?> AnswerAsync(byte[] question, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        var answer = new byte[EchoServer.MessageLength];
        try
        {
            while (true)
            {
                var length = await _socket.ReceiveAsync(answer, limit.Token);
                if (length == 0)
                {
                    throw new SocketException((int)SocketError.ConnectionReset);
                }

                if (length == answer.Length && answer.AsSpan(0, EchoServer.TokenLength).SequenceEqual(question.AsSpan(0, EchoServer.TokenLength)))
                {
                    return Encoding.ASCII.GetString(answer, EchoServer.TokenLength, answer.Length - EchoServer.TokenLength).TrimEnd();
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
