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

    /// <summary>So long after a try began another is made beside it: the address may be another by now.</summary>
    private static readonly TimeSpan NextTry = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan AfterRefusal = TimeSpan.FromMilliseconds(20);
    private long _echoes;
    private long _errors;
    private long _longest;

    public long Echoes => Interlocked.Read(ref _echoes);

    public long Errors => Interlocked.Read(ref _errors);

    /// <summary>The longest that an answered echo took, all its tries included.</summary>
    public TimeSpan Longest => new(Interlocked.Read(ref _longest));

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

    /// <summary>
    /// One echo, tried until it is answered or the patience is at its end. A try goes on while others are made: a guest that is slow would
    /// only become slower by being asked anew and never listened to.
    /// </summary>
    private async Task EchoAsync(string line)
    {
        var began = clock.GetTimestamp();
        using var deadline = new CancellationTokenSource(Patience, clock);
        var tries = new List<Task<bool>>();
        var answered = false;
        while (!answered && !deadline.IsCancellationRequested)
        {
            if (address() is { } host)
            {
                tries.Add(TryAsync(host, line, deadline.Token));
            }

            var next = Task.Delay(NextTry, clock, deadline.Token);
            await Task.WhenAny([next, .. tries]);
            answered = tries.Any(static t => t is { IsCompletedSuccessfully: true, Result: true });
            if (!answered && tries.RemoveAll(static t => t.IsCompleted) > 0)
            {
                await Task.Delay(AfterRefusal, clock);
            }
        }

        if (answered)
        {
            Interlocked.Increment(ref _echoes);
            Note(clock.GetElapsedTime(began));
        }
        else
        {
            Interlocked.Increment(ref _errors);
        }

        await deadline.CancelAsync();
        await Task.WhenAll(tries);
    }

    private void Note(TimeSpan took)
    {
        long longest;
        do
        {
            longest = Interlocked.Read(ref _longest);
        }
        while (took.Ticks > longest && Interlocked.CompareExchange(ref _longest, took.Ticks, longest) != longest);
    }

    private async Task<bool> TryAsync(string host, string line, CancellationToken ct)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(host), port, ct);
            var sent = System.Text.Encoding.ASCII.GetBytes(line);
            await socket.SendAsync(sent, ct);
            var answer = new byte[sent.Length];
            for (var got = 0; got < answer.Length;)
            {
                var count = await socket.ReceiveAsync(answer.AsMemory(got), ct);
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
