using System.Net;
using System.Net.Sockets;

namespace Godwit.Cli.Demo;

/// <summary>
/// Talks to the guest as a stranger would: every 50 ms a fresh connection to the address that the VMI's status shows, one
/// line there and back. An echo that stays unanswered after two seconds of tries is an error.
/// </summary>
public sealed class EchoClient(Func<string?> address, int port, TimeProvider clock)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Try = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(20);
    private long _echoes;
    private long _errors;

    public long Echoes => Interlocked.Read(ref _echoes);

    public long Errors => Interlocked.Read(ref _errors);

    /// <summary>Talks until it is cancelled, then waits for what is under way.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var talks = new List<Task>();
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            do
            {
                talks.RemoveAll(static t => t.IsCompletedSuccessfully);
                talks.Add(EchoAsync($"godwit {Echoes + Errors + talks.Count}\n"));
            }
            while (await timer.WaitForNextTickAsync(ct));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Told to stop.
        }

        await Task.WhenAll(talks);
    }

    /// <summary>One echo, tried until it is answered or the patience is at its end.</summary>
    private async Task EchoAsync(string line)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            var left = Patience - clock.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                Interlocked.Increment(ref _errors);
                return;
            }

            if (address() is { } host && await TryAsync(host, line, left < Try ? left : Try))
            {
                Interlocked.Increment(ref _echoes);
                return;
            }

            await Task.Delay(BetweenTries, clock);
        }
    }

    private async Task<bool> TryAsync(string host, string line, TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit, clock);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(host), port, deadline.Token);
            var sent = System.Text.Encoding.ASCII.GetBytes(line);
            await socket.SendAsync(sent, deadline.Token);
            var answer = new byte[sent.Length];
            for (var got = 0; got < answer.Length;)
            {
                var count = await socket.ReceiveAsync(answer.AsMemory(got), deadline.Token);
                if (count == 0)
                {
                    return false;
                }

                got += count;
            }

            return answer.AsSpan().SequenceEqual(sent);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
