using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtHandler.Forwarding.Kernel;
using Godwit.VirtHandler.Host;
using Godwit.VirtHandler.Migration;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Forwarding;

/// <summary>
/// The source's part in keeping connections: opens a way to the target while memory is copied, turns the guest's route when the guest stops,
/// and makes the pod a forwarder when the guest has gone. What fails here never fails the migration.
/// </summary>
internal sealed partial class SourceForwarding(ForwardingTools tools, LocalPod local, int launcherPid, string migrationUid, RecordKeeper record) : IAsyncDisposable
{
    /// <summary>So many attempts are made before users hear that there is no way; it goes on being tried.</summary>
    private const int QuietAttempts = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan BetweenUpdates = TimeSpan.FromSeconds(2);

    /// <summary>So long, at most, a guest that has gone is followed by a way that was not open yet: the target's agent may just have come back.</summary>
    private static readonly TimeSpan LastChance = TimeSpan.FromSeconds(3);

    /// <summary>So long, at most, a migration waits for its way to be open before it begins.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ForwardingTools _tools = tools;
    private readonly LocalPod _local = local;
    private readonly int _launcherPid = launcherPid;
    private readonly string _uid = migrationUid;
    private readonly RecordKeeper _record = record;
    private readonly CancellationTokenSource _stop = new();
    private readonly ChangeSignal _turning = new();
    private readonly ChangeSignal _opened = new();
    private readonly ChangeSignal _atOnce = new();
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _followed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ForwardingSettings? _settings;
    private PodTunnels? _pod;
    private Task? _work;
    private volatile Tunnel? _tunnel;
    private volatile bool _turned;
    private bool _found;

    /// <summary>The tunnel of an earlier attempt was found and did not work: the next one makes its own.</summary>
    private bool _anew;
    private MigrationForwarding? _outcome;
    private bool _told;
    private readonly Lock _drainLock = new();
    private TapDrain? _drain;
    private string? _problem;
    private string? _refused;
    private string? _reported;

    /// <summary>Begins to open the way, unless that has been begun.</summary>
    public void Prepare(VirtualMachineInstance vmi, MigrationState state)
    {
        if (_work is null && ForwardingSettings.For(vmi, state) is { } settings)
        {
            FindEarlier();
            _settings = settings;
            _work = Task.Run(WorkAsync, CancellationToken.None);
        }
    }

    /// <summary>Waits until the way is open, or is known not to open; not for long.</summary>
    public Task OpenAsync(CancellationToken cancellationToken) => WaitAsync(_open.Task, cancellationToken);

    /// <summary>
    /// Waits until the pods that forward to this one, which begin when the record says that the way is open, have opened theirs; not for long.
    /// </summary>
    public Task FollowedAsync(CancellationToken cancellationToken) => WaitAsync(_followed.Task, cancellationToken);

    /// <summary>Turns the guest's route when the migration's phase asks for it. Takes well below a millisecond.</summary>
    public void Follow(VirtualMachineInstance vmi, MigrationState state, SourcePhase phase, bool failed)
    {
        FindEarlier();
        if (_tunnel is not { } tunnel || _pod is not { } pod || TurnDecision.WantsTunnel(phase, vmi.OwnerFor(state), failed) is not { } wanted || wanted == _turned)
        {
            return;
        }

        Turn(pod, tunnel, wanted);
    }

    /// <summary>Sends what comes for the guest to the guest here, before it goes on.</summary>
    public void GuestStays()
    {
        if (_turned && _tunnel is { } tunnel && _pod is { } pod)
        {
            Turn(pod, tunnel, toTunnel: false);
        }
    }

    /// <summary>What is new about this migration's forwarding; null when nothing is.</summary>
    public MigrationForwarding? News()
    {
        var state = _tunnel is not null ? MigrationForwarding.Prepared : _problem is not null ? MigrationForwarding.Unavailable : null;
        if (state is null || state == _reported)
        {
            return null;
        }

        _reported = state;
        return new MigrationForwarding { State = state, Since = _tools.Time.GetUtcNow(), Reason = state == MigrationForwarding.Unavailable ? _problem : null };
    }

    /// <summary>
    /// The guest has gone: makes the pod a forwarder if there is anything to forward. What is to be written of it, until it has been
    /// <see cref="Told"/>; null for nothing.
    /// </summary>
    public async Task<MigrationForwarding?> StayAsync(VirtualMachineInstance vmi, MigrationState state, CancellationToken cancellationToken)
    {
        FindEarlier();
        _settings ??= ForwardingSettings.For(vmi, state);
        if (_settings is not { } settings)
        {
            return null;
        }

        if (_outcome is null && _pod?.State.Terms?.MigrationUid == _uid)
        {
            return null;
        }

        if (_outcome is null)
        {
            await LastChanceAsync(cancellationToken);
            _outcome = await SettleAsync(vmi, settings, cancellationToken);
        }

        var untold = _told ? null : _outcome;
        // What goes on is told again and again by whoever looks after the pod: told late, it would be behind that.
        _told |= _outcome.State == MigrationForwarding.Forwarding;
        return untold;
    }

    /// <summary>What came of it is in the record.</summary>
    public void Told() => _told = true;

    private async Task LastChanceAsync(CancellationToken cancellationToken)
    {
        if (_tunnel is null && _work is { IsCompleted: false })
        {
            using var deadline = new CancellationTokenSource(LastChance, _tools.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
            _atOnce.Raise();
            await _opened.UntilAsync(() => _tunnel is not null, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<MigrationForwarding> SettleAsync(VirtualMachineInstance vmi, ForwardingSettings settings, CancellationToken cancellationToken)
    {
        var now = _tools.Time.GetUtcNow();
        if (_tunnel is not { } tunnel || _pod is not { } pod)
        {
            return new MigrationForwarding
            {
                State = MigrationForwarding.Unavailable,
                Since = now,
                Reason = _problem ?? "the guest had gone before the way to its new pod was open",
            };
        }

        try
        {
            if (!_turned)
            {
                pod.TurnTo(tunnel);
            }

            var flows = FlowCount.Left(pod.Flows(tunnel.GuestAddress), ForwardingNames.MarkMask);
            if (flows == 0 && pod.State.Incoming.Count == 0)
            {
                await pod.RemoveOutgoingAsync(tunnel, cancellationToken);
                return new MigrationForwarding { State = MigrationForwarding.Ended, Flows = 0, Since = now, Reason = "no connection was open" };
            }

            var terms = new ForwarderTerms(
                vmi.Metadata.Namespace ?? "", vmi.Metadata.Name ?? "", vmi.Metadata.Uid ?? "", _uid, now, now.AddSeconds(settings.MaxSeconds), settings.DrainSeconds,
                _refused);
            // In this order: without terms an agent that comes after this one sets them; without the file the pod would end with QEMU.
            PodFolder.Write(_local.Folder, Qemu.DomainFolder.Stay, _uid);
            await pod.SetTermsAsync(terms, cancellationToken);
            LogStays(_tools.Logger, _uid, _local.Name, flows, terms.Until);
            _tools.Tell(_local.Uid);
            return new MigrationForwarding { State = MigrationForwarding.Forwarding, Flows = flows, Bytes = 0, Since = now, Until = terms.Until, Reason = _refused };
        }
        catch (Exception e) when (e is KernelException or HostToolException or IOException)
        {
            LogProblem(_tools.Logger, _uid, e.Message);
            File.Delete(Path.Combine(_local.Folder, Qemu.DomainFolder.Stay));
            return new MigrationForwarding { State = MigrationForwarding.Unavailable, Since = now, Reason = e.Message };
        }
    }

    /// <summary>The migration has failed: nothing of it is left here. It can be called again.</summary>
    public async Task AbandonAsync(CancellationToken cancellationToken)
    {
        FindEarlier();
        GuestStays();
        await StopAsync();
        if (_pod is { } pod && pod.State.Outgoing.FirstOrDefault(t => t.MigrationUid == _uid) is { } tunnel)
        {
            try
            {
                pod.TurnBack(tunnel);
                await pod.RemoveOutgoingAsync(tunnel, cancellationToken);
            }
            catch (Exception e) when (e is KernelException or HostToolException or IOException)
            {
                // Found again and removed by whoever looks after the pod's tunnels.
                LogProblem(_tools.Logger, _uid, e.Message);
            }
        }

        _tunnel = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _drain?.Dispose();
        _stop.Dispose();
    }

    private Task WaitAsync(Task what, CancellationToken cancellationToken) =>
        _work is null ? Task.CompletedTask : Task.WhenAny(what, Task.Delay(Patience, _tools.Time, cancellationToken));

    private void Ready()
    {
        _open.TrySetResult();
        _followed.TrySetResult();
    }

    private async Task StopAsync()
    {
        await _stop.CancelAsync();
        if (_work is { } work)
        {
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Before the guest stops: to find its QEMU, and to open and close the tap, takes longer than it may stand still.
    private void OpenDrain(PodTunnels pod, Tunnel tunnel)
    {
        var opened = QemuProcess.Below(_launcherPid) is { } qemu ? pod.OpenDrain(tunnel, qemu) : null;
        TapDrain? earlier;
        lock (_drainLock)
        {
            (earlier, _drain) = (_drain, opened);
        }

        earlier?.Dispose();
    }

    private void Turn(PodTunnels pod, Tunnel tunnel, bool toTunnel)
    {
        var began = _tools.Time.GetTimestamp();
        try
        {
            if (!toTunnel)
            {
                pod.TurnBack(tunnel);
                _turned = false;
                LogTurned(_tools.Logger, _uid, "back to the guest", _tools.Time.GetElapsedTime(began).TotalMilliseconds, 0);
                return;
            }

            pod.TurnTo(tunnel);
            _turned = true;
            _turning.Raise();
            var took = _tools.Time.GetElapsedTime(began).TotalMilliseconds;
            int frames;
            lock (_drainLock)
            {
                frames = _drain?.Drain() ?? 0;
            }

            LogTurned(_tools.Logger, _uid, "to the tunnel", took, frames);
        }
        catch (KernelException e)
        {
            LogProblem(_tools.Logger, _uid, e.Message);
        }
    }

    // An agent that was here before has left its tunnel in the pod's folder.
    private void FindEarlier()
    {
        if (_found || !ForwardingState.IsIn(_local.Folder))
        {
            return;
        }

        _found = true;
        try
        {
            _pod ??= _tools.Of(_local.Uid, _local.Folder, _launcherPid);
            if (_work is null && _pod.State.Outgoing.FirstOrDefault(t => t.MigrationUid == _uid) is { } tunnel)
            {
                _turned = _pod.IsTurnedTo(tunnel);
                _tunnel = tunnel;
            }
        }
        catch (Exception e) when (e is KernelException or IOException or InvalidDataException)
        {
            LogProblem(_tools.Logger, _uid, e.Message);
        }
    }

    [LoggerMessage(350, LogLevel.Information, "Migration {Uid}: the way for open connections to {Target} is open, MTU {Mtu}, {Flows} flows handed over")]
    private static partial void LogReady(ILogger logger, string uid, string target, int mtu, int flows);

    [LoggerMessage(351, LogLevel.Information, "Migration {Uid}: what comes for the guest is turned {Where} in {Milliseconds:0.00} ms; {Frames} waiting frames moved")]
    private static partial void LogTurned(ILogger logger, string uid, string where, double milliseconds, int frames);

    [LoggerMessage(352, LogLevel.Warning, "Migration {Uid}: open connections: {Problem}")]
    private static partial void LogProblem(ILogger logger, string uid, string problem);

    [LoggerMessage(353, LogLevel.Information, "Migration {Uid}: pod {Pod} stays to forward {Flows} connections, until {Until:u} at the latest")]
    private static partial void LogStays(ILogger logger, string uid, string pod, int flows, DateTimeOffset until);
}
