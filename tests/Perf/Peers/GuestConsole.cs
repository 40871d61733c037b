using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Godwit.Qemu;

namespace Godwit.Perf.Peers;

/// <summary>The serial port of the demo guest: its ticks are noted as they come, and its parameters are changed by typing.</summary>
internal sealed class GuestConsole : IAsyncDisposable
{
    /// <summary>Milliseconds between two ticks of a guest that is measured.</summary>
    public const int Period = 10;

    private const int RestingPeriod = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(5);
    private readonly Socket _socket;
    private readonly GuestTicks? _ticks;
    private readonly Task _reading;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _awaited;
    private TaskCompletionSource _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private GuestConsole(Socket socket, GuestTicks? ticks)
    {
        _socket = socket;
        _ticks = ticks;
        _reading = ReadAsync();
    }

    /// <summary>Connects as soon as somebody listens there.</summary>
    public static async Task<GuestConsole> ConnectAsync(string folder, string name, GuestTicks? ticks, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        while (true)
        {
            try
            {
                return new GuestConsole(await UnixPath.ConnectAsync(folder, name, patience.Token), ticks);
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                await Task.Delay(Retry, TimeProvider.System, patience.Token);
            }
        }
    }

    /// <summary>Until it ticks: all of its memory is filled then, and it reads what is typed.</summary>
    public Task ReadyAsync(CancellationToken ct) => _ready.Task.WaitAsync(Patience, TimeProvider.System, ct);

    public async Task WakeAsync(int dirtyMiB, CancellationToken ct)
    {
        await SetAsync("rate", dirtyMiB, ct);
        await SetAsync("tick", Period, ct);
        // The last long tick passes, and the writing gets going.
        await Task.Delay(TimeSpan.FromMilliseconds(2 * RestingPeriod), TimeProvider.System, ct);
    }

    public async Task RestAsync(CancellationToken ct)
    {
        await SetAsync("rate", 0, ct);
        await SetAsync("tick", RestingPeriod, ct);
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _reading;
    }

    private async Task SetAsync(string parameter, int value, CancellationToken ct)
    {
        _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _awaited, string.Create(CultureInfo.InvariantCulture, $"OK {parameter}={value}"));
        await _socket.SendAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{parameter} {value}\n")), ct);
        try
        {
            await _reply.Task.WaitAsync(Patience, TimeProvider.System, ct);
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"the guest did not answer '{parameter} {value}' on its console within {Patience.TotalSeconds:0} s", e);
        }
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[8192];
        var line = new StringBuilder();
        try
        {
            int count;
            while ((count = await _socket.ReceiveAsync(buffer)) > 0)
            {
                var at = Stopwatch.GetTimestamp();
                foreach (var c in Encoding.ASCII.GetString(buffer, 0, count))
                {
                    if (c != '\n')
                    {
                        line.Append(c);
                        continue;
                    }

                    Take(at, line.ToString().TrimEnd('\r'));
                    line.Clear();
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private void Take(long at, string line)
    {
        if (line.StartsWith("T ", StringComparison.Ordinal))
        {
            if (long.TryParse(line.Split(' ')[1], CultureInfo.InvariantCulture, out var number))
            {
                _ready.TrySetResult();
                _ticks?.Add(at, number);
            }
        }
        else if (line.StartsWith("CORRUPT", StringComparison.Ordinal) || line.Contains("panic", StringComparison.Ordinal))
        {
            _ticks?.Broken(line);
        }
        else if (line == Volatile.Read(ref _awaited))
        {
            _reply.TrySetResult();
        }
    }
}
