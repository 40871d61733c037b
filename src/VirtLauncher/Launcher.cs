using System.Net.Sockets;
using System.Runtime.InteropServices;
using Godwit.Qemu;

namespace Godwit.VirtLauncher;

/// <summary>
/// One guest's keeper: waits for its domain, runs QEMU from it, passes the console on, turns a request to end into a press of
/// the power button, and ends with a code that says why. It holds no credentials and makes no policy.
/// </summary>
internal sealed class Launcher : IDisposable
{
    private static readonly TimeSpan ConnectDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ConnectPeriod = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan PowerButtonPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TermDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DrainDeadline = TimeSpan.FromSeconds(10);

    private readonly LauncherOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _terminated = new();
    private readonly FolderWatch _watch;
    private bool _killedByUs;

    public Launcher(LauncherOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        Directory.CreateDirectory(options.Folder);
        _watch = new FolderWatch(options.Folder);
    }

    public async Task<int> RunAsync()
    {
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var child = new ChildProcess();
        return await RunAsync(child);
    }

    public void Dispose()
    {
        _watch.Dispose();
        _terminated.Dispose();
    }

    private async Task<int> RunAsync(ChildProcess child)
    {
        if (LauncherStatus.Read(_options.Folder) is { } earlier)
        {
            // A folder is for one run: starting the guest of a used one again could make a second copy of it.
            Say($"this folder's guest has been run already ({earlier.Reason ?? "unknown end"}); it is not started again");
            return ExitCodes.Failed;
        }

        Domain? domain;
        try
        {
            domain = await WaitForDomainAsync();
        }
        catch (InvalidDataException e)
        {
            return End(new LauncherStatus { Reason = LauncherReasons.NotStarted, Message = e.Message }, ExitCodes.BadInput);
        }

        if (domain is null)
        {
            return End(new LauncherStatus { Reason = LauncherReasons.NotStarted, Message = "ended before there was a guest" }, ExitCodes.Done);
        }

        if (domain.Version != Domain.CurrentVersion)
        {
            return End(
                new LauncherStatus
                {
                    Reason = LauncherReasons.NotStarted,
                    Message = $"{DomainFolder.Domain} has version {domain.Version}; this launcher knows version {Domain.CurrentVersion}",
                },
                ExitCodes.BadInput);
        }

        QemuLog log;
        try
        {
            log = new QemuLog(
                child.Start(domain.Binary, domain.Arguments, domain.Environment), Path.Combine(_options.Folder, DomainFolder.QemuLog));
        }
        catch (InvalidOperationException e)
        {
            return End(new LauncherStatus { Reason = LauncherReasons.Crashed, Message = e.Message }, ExitCodes.Failed);
        }

        var status = new LauncherStatus { QemuPid = child.Pid, StartedAt = _time.GetUtcNow() };
        status.Write(_options.Folder);
        var facts = await KeepAsync(domain, child, log);
        var (reason, code, message) = ExitReport.Decide(facts);
        status = status with { ExitCode = facts.Exit.Code, Signal = facts.Exit.Signal, Reason = reason, Message = message };
        status.Write(_options.Folder);
        Say(message);
        await StayAsync();
        return code;
    }

    private async Task<Domain?> WaitForDomainAsync()
    {
        Domain? domain = null;
        try
        {
            await _watch.UntilAsync(
                () => ShutdownRequested || (domain = Domain.Read(_options.Folder)) is not null, _terminated.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }

        return ShutdownRequested ? null : domain;
    }

    /// <summary>From QEMU's start to its end. The guest is held (<c>-S</c>): to let it run is the agent's business.</summary>
    private async Task<ExitFacts> KeepAsync(Domain domain, ChildProcess child, QemuLog log)
    {
        SerialHub? serial = null;
        QmpClient? qmp = null;
        try
        {
            var hasSerial = domain.Hardware.Devices.Any(d => d.Kind == DeviceKinds.IsaSerial);
            if (hasSerial && await ConnectAsync(child, DomainFolder.QemuSerialSocket) is { } port)
            {
                serial = new SerialHub(port, _options.Folder, Console.OpenStandardOutput());
            }

            if (await ConnectAsync(child, DomainFolder.LauncherSocket) is { } monitor)
            {
                qmp = await QmpClient.StartAsync(monitor, new QmpClientOptions { EventCapacity = 64, ConnectDeadline = ConnectDeadline }, default);
            }

            await UntilEndAsync(child, qmp);
        }
        catch (Exception e) when (e is QmpException or QmpUnavailableException)
        {
            // Without its monitor the guest cannot be shut down in order, but it is no reason to end it.
            Say($"QEMU's monitor failed: {e.Message}");
            await UntilEndAsync(child, qmp: null);
        }

        var exit = await child.Exit;
        if (qmp is not null)
        {
            await qmp.Closed.WaitAsync(DrainDeadline, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // The last lines of the guest and of QEMU are the ones that people look for.
        await Task.WhenAll(serial?.Drained ?? Task.CompletedTask, log.Ended)
            .WaitAsync(DrainDeadline, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var cause = qmp?.Events.Since(0).LastOrDefault(e => e.Name == "SHUTDOWN")?.Text("reason");
        if (serial is not null)
        {
            await serial.DisposeAsync();
        }

        if (qmp is not null)
        {
            await qmp.DisposeAsync();
        }

        var handedOver = File.Exists(Path.Combine(_options.Folder, DomainFolder.Migrated));
        return new ExitFacts(exit, cause, handedOver, _killedByUs, log.Tail);
    }

    /// <summary>Waits for QEMU's end, and brings it about when that is asked for.</summary>
    private async Task UntilEndAsync(ChildProcess child, QmpClient? qmp)
    {
        using var ended = new CancellationTokenSource();
        var asked = _watch.UntilAsync(() => ShutdownRequested || _terminated.IsCancellationRequested, ended.Token);
        var terminated = Task.Delay(Timeout.InfiniteTimeSpan, _time, _terminated.Token);
        await Task.WhenAny(child.Exit, asked, terminated);
        await ended.CancelAsync();
        await asked.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (child.Exit.IsCompleted)
        {
            return;
        }

        await ShutDownAsync(child, qmp);
    }

    private async Task ShutDownAsync(ChildProcess child, QmpClient? qmp)
    {
        var started = _time.GetTimestamp();
        var heard = false;
        while (qmp is not null && !child.Exit.IsCompleted && _time.GetElapsedTime(started) < _options.Grace)
        {
            try
            {
                var state = (await qmp.QueryStatusAsync(default, TermDeadline)).Status;
                if (state is RunStates.InMigrate or RunStates.Prelaunch)
                {
                    // Nothing runs here that could heed the button, and nothing is lost.
                    await qmp.QuitAsync(default, TermDeadline);
                }
                else
                {
                    await qmp.SystemPowerdownAsync(default);
                    if (!heard)
                    {
                        Say($"power button pressed; the guest has {_options.Grace.TotalSeconds:0} s");
                        heard = true;
                    }
                }
            }
            catch (Exception e) when (e is QmpException or QmpUnavailableException)
            {
                if (!child.Exit.IsCompleted)
                {
                    Say($"the power button could not be pressed: {e.Message}");
                }
            }

            // Pressed again now and then: a guest that is still booting has missed it.
            var left = _options.Grace - _time.GetElapsedTime(started);
            var pause = left < PowerButtonPeriod ? left : PowerButtonPeriod;
            if (pause > TimeSpan.Zero)
            {
                await ((Task)child.Exit).WaitAsync(pause, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        if (child.Exit.IsCompleted)
        {
            return;
        }

        _killedByUs = true;
        Say("the grace period is over; ending QEMU");
        child.Signal(Native.SigTerm);
        await ((Task)child.Exit).WaitAsync(TermDeadline, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!child.Exit.IsCompleted)
        {
            child.Signal(Native.SigKill);
        }
    }

    /// <summary>Connects to a socket that QEMU is about to open; null when QEMU ends first.</summary>
    private async Task<Socket?> ConnectAsync(ChildProcess child, string name)
    {
        var started = _time.GetTimestamp();
        while (!child.Exit.IsCompleted)
        {
            try
            {
                return await UnixPath.ConnectAsync(_options.Folder, name, default);
            }
            catch (SocketException e)
            {
                if (_time.GetElapsedTime(started) > ConnectDeadline)
                {
                    throw new QmpUnavailableException($"QEMU did not open {name} within {ConnectDeadline.TotalSeconds:0} s", timedOut: true, e);
                }
            }

            await ((Task)child.Exit).WaitAsync(ConnectPeriod, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return null;
    }

    /// <summary>
    /// The pod may have to outlive its QEMU, as a forwarder for connections that were made to its address. It is deleted while it
    /// does that, so that no new ones come: a request to end is no reason to go, the file alone says how long.
    /// </summary>
    private async Task StayAsync()
    {
        if (!IsToStay)
        {
            return;
        }

        Say($"this pod stays for connections that were made to its address, until virt-handler removes {DomainFolder.Stay}; SIGTERM does not end it before");
        await _watch.UntilAsync(() => !IsToStay, CancellationToken.None);
        Say("there is nothing left to stay for");
    }

    private bool IsToStay => File.Exists(Path.Combine(_options.Folder, DomainFolder.Stay));

    private bool ShutdownRequested => File.Exists(Path.Combine(_options.Folder, DomainFolder.ShutdownRequested));

    private int End(LauncherStatus status, int code)
    {
        status.Write(_options.Folder);
        Say(status.Message ?? "");
        return code;
    }

    private void Say(string message) => ErrorOutput.Say($"{_options.Namespace}/{_options.Name}: {message}");

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        _terminated.Cancel();
    }
}
