using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Godwit.Cli.Demo;

/// <summary>
/// One connection to the guest that is never made anew: every now and then a numbered line there and back, at the address that the guest
/// had when it was made. One that breaks, or is silent for ten seconds, stays broken.
/// </summary>
public sealed class KeptConnection(TimeProvider clock, TimeSpan interval)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private long _errors;

    /// <summary>Lines that came back wrong or not at all.</summary>
    public long Errors => Interlocked.Read(ref _errors);

    /// <summary>It was still answered when it was told to stop, with the same connection as at the beginning.</summary>
    public bool Lives { get; private set; }

    /// <summary>Connects, and talks until it is told to stop or the connection breaks.</summary>
    public async Task RunAsync(string address, int port, CancellationToken stop)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var deadline = new CancellationTokenSource(Patience, clock);
            await socket.ConnectAsync(IPAddress.Parse(address), port, deadline.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            Interlocked.Increment(ref _errors);
            return;
        }

        await using var stream = new NetworkStream(socket);
        await TalkAsync(stream, stop);
    }

    /// <summary>Talks over a connection. The last line is sent after the stop: that it comes back is what tells that the connection lives.</summary>
    public async Task TalkAsync(Stream stream, CancellationToken stop)
    {
        for (var number = 0; ; number++)
        {
            var last = stop.IsCancellationRequested;
            if (!await EchoAsync(stream, Encoding.ASCII.GetBytes($"kept {number}\n")))
            {
                Interlocked.Increment(ref _errors);
                return;
            }

            if (last)
            {
                Lives = true;
                return;
            }

            await Task.Delay(interval, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>After an answer that is not the line nothing that follows could be told apart.</summary>
    private async Task<bool> EchoAsync(Stream stream, byte[] line)
    {
        using var deadline = new CancellationTokenSource(Patience, clock);
        var answer = new byte[line.Length];
        try
        {
            await stream.WriteAsync(line, deadline.Token);
            await stream.ReadExactlyAsync(answer, deadline.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return false;
        }

        return answer.AsSpan().SequenceEqual(line);
    }
}
