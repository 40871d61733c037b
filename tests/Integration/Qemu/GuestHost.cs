using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Godwit.Qemu;
using Xunit;

namespace Godwit.Integration.Qemu;

/// <summary>
/// One launcher with its folder, as a pod would have it but without a pod, and what its guest prints. Everything is gone when
/// it is disposed.
/// </summary>
internal sealed class GuestHost : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly Process _launcher;
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private GuestHost(string folder, int grace)
    {
        Folder = folder;
        Directory.CreateDirectory(folder);
        _launcher = new Process
        {
            StartInfo = new ProcessStartInfo(
                LauncherPath(),
                ["--name", "test", "--namespace", "default", "--uid", "0", "--grace", $"{grace}", "--folder", folder])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            },
        };
        _launcher.OutputDataReceived += (_, e) => Take(e.Data);
        _launcher.ErrorDataReceived += (_, e) => _errors.Enqueue(e.Data ?? "");
        _launcher.Start();
        _launcher.BeginOutputReadLine();
        _launcher.BeginErrorReadLine();
    }

    public string Folder { get; }

    public int LauncherPid => _launcher.Id;

    public string Errors => string.Join('\n', _errors);

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>The numbers of the guest's ticks, in the order of their printing.</summary>
    public IReadOnlyList<long> Ticks => TicksIn(Lines);

    public LauncherStatus? Status => LauncherStatus.Read(Folder);

    public static GuestHost Start(int grace = 20) =>
        new(Path.Combine(Path.GetTempPath(), $"guest-{Guid.NewGuid():N}"), grace);

    /// <summary>The numbers of the ticks among these lines.</summary>
    public static IReadOnlyList<long> TicksIn(IEnumerable<string> lines) =>
        [.. lines.Where(l => l.StartsWith("T ", StringComparison.Ordinal)).Select(l => long.Parse(l.Split(' ')[1], CultureInfo.InvariantCulture))];

    public Task<QmpClient> ConnectAsync() => ConnectAsync(DomainFolder.WatchSocket);

    /// <summary>Connects to one of the monitors as soon as it is there.</summary>
    public async Task<QmpClient> ConnectAsync(string socket)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await QmpClient.ConnectAsync(Folder, socket, cancellationToken: TestContext.Current.CancellationToken);
            }
            catch (Exception e) when (e is System.Net.Sockets.SocketException && Stopwatch.GetElapsedTime(started) < Deadline && !_launcher.HasExited)
            {
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }
    }

    /// <summary>Lets a guest that boots run.</summary>
    public async Task BootAsync()
    {
        await using var qmp = await ConnectAsync();
        await qmp.ContinueAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The first line (from <paramref name="from"/> on) that holds; fails with the console's tail after a deadline.</summary>
    public async Task<string> LineAsync(Func<string, bool> match, int from = 0)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            Task grown;
            lock (_lock)
            {
                if (_lines.Skip(from).FirstOrDefault(match) is { } line)
                {
                    return line;
                }

                grown = _grown.Task;
            }

            var left = Deadline - Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero || await Task.WhenAny(grown, Task.Delay(left, TestContext.Current.CancellationToken)) != grown)
            {
                throw new TimeoutException($"the guest never printed it; last: {string.Join(" | ", Lines.TakeLast(5))}; errors: {Errors}");
            }
        }
    }

    /// <summary>Waits until the launcher has said it.</summary>
    public async Task ErrorAsync(string words)
    {
        var started = Stopwatch.GetTimestamp();
        while (!Errors.Contains(words, StringComparison.Ordinal))
        {
            if (_launcher.HasExited || Stopwatch.GetElapsedTime(started) > Deadline)
            {
                throw new TimeoutException($"the launcher never said \"{words}\": {Errors}");
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Whether the launcher has ended by then.</summary>
    public async Task<bool> EndsWithinAsync(TimeSpan time)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(time);
        try
        {
            await _launcher.WaitForExitAsync(patience.Token);
            return true;
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    public async Task<int> ExitAsync()
    {
        await _launcher.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline);
        return _launcher.ExitCode;
    }

    /// <summary>Ends QEMU as a crash would.</summary>
    public void KillQemu()
    {
        if (Status?.QemuPid is { } pid)
        {
            using var qemu = Process.GetProcessById(pid);
            qemu.Kill();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_launcher.HasExited)
        {
            try
            {
                KillQemu();
            }
            catch (ArgumentException)
            {
                // It has just ended by itself.
            }

            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            try
            {
                await _launcher.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _launcher.Kill();
                await _launcher.WaitForExitAsync();
            }
        }

        _launcher.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    // The native binary that ./test builds before any suite: the one that users run.
    private static string LauncherPath()
    {
        var path = Path.Combine(TestGuest.Repository(), "artifacts", "godwit", "virt-launcher");
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is not built: GODWIT_BUILD=only ./godwit", path);
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        TaskCompletionSource grown;
        lock (_lock)
        {
            _lines.Add(line.TrimEnd('\r'));
            grown = _grown;
            _grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        grown.TrySetResult();
    }
}
