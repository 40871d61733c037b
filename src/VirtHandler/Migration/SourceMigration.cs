using System.Text.Json.Nodes;
using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Forwarding;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Migration;

/// <summary>
/// Drives one migration at its source: gathers facts, lets <see cref="Switchover"/> decide, applies. Everything that must
/// survive a restart is in the API's record and in QEMU; what is in memory here is only patience and the last samples.
/// </summary>
internal sealed partial class SourceMigration : IMigrationDriver
{
    private static readonly TimeSpan QueryDeadline = TimeSpan.FromSeconds(2);

    /// <summary>While the guest stands still, silence is to be noticed sooner.</summary>
    private static readonly TimeSpan StandingQueryDeadline = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CommandDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);

    /// <summary>Between QEMU's word that it has completed and its run state no event comes, and the guest stands still.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(1);

    /// <summary>The pause after the first refusal of a commit; it doubles with each. The guest stands still meanwhile.</summary>
    private static readonly TimeSpan AfterRefusal = TimeSpan.FromMilliseconds(10);

    /// <summary>So many refusals are the server's last word: where they come at once, over 630 ms.</summary>
    private const int MostRefusals = 7;

    /// <summary>So often, at most, what becomes of connections is told anew before the source ends without.</summary>
    private const int MostUntoldStays = 5;

    private readonly LocalPod _pod;
    private readonly string _uid;
    private readonly RecordKeeper _record;
    private readonly MigrationTools _tools;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly QemuLink _link;
    private readonly AttemptNames _names;
    private readonly StuckWatch _stuck;
    private readonly SourcePostCopy _postCopy;
    private readonly SourceMonitor _monitor;
    private readonly RefusedWrite _refused;
    private readonly SourceForwarding? _forwarding;
    private readonly TargetAddresses _addresses;
    private SourceSetup? _setup;
    private bool _prepared;
    private bool _begun;
    private bool _hasLeftovers = true;
    private bool _orderedPostCopy;
    private bool _markersKnown;
    private bool _cancelled;
    private bool _commitSent = true;
    private bool _found;
    private bool _foundUnderWay;
    private long? _standingSince;
    private (QmpClient Client, long Position)? _continued;
    private bool _committed;
    private long _ordered;
    private double? _downtime;
    private bool _figuresTold;
    private JobInfo[] _jobs = [];
    private bool _completing;
    private int _refusals;
    private int _untoldStays;
    private string _refusal = "";
    private SourceAction? _lastAction;

    public SourceMigration(LocalPod pod, string uid, RecordKeeper record, MigrationTools tools, ILogger logger, TimeProvider time)
    {
        _pod = pod;
        _uid = uid;
        _record = record;
        _tools = tools;
        _logger = logger;
        _time = time;
        _link = new QemuLink(pod.Folder, tools.Monitors with { Time = time });
        _names = new AttemptNames(uid);
        _stuck = new StuckWatch(time);
        _postCopy = new SourcePostCopy(_names, time);
        _monitor = new SourceMonitor(uid, record, _postCopy, logger, time);
        _refused = new RefusedWrite(time);
        _addresses = new TargetAddresses(record.Record);
        _forwarding = tools.Forwarding?.ForSource(pod, uid, record);
    }

    public QmpClient? Monitor => _link.Client;

    public async ValueTask DisposeAsync()
    {
        // First what others may want: a monitor serves one client only.
        await _link.DisposeAsync();
        await _monitor.Noting;
        _monitor.Dispose();
        await _record.Asking;
        await _addresses.Looking;
        if (_forwarding is not null)
        {
            await _forwarding.DisposeAsync();
        }
    }

    public async Task<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var vmi = _record.Vmi;
        if (_record.IsGone || vmi.Migration() is not { } state || state.MigrationUid != _uid)
        {
            // A newer migration's driver will find what this one has left in QEMU.
            return StepResult.Finished;
        }

        if (IsOthersTurn(vmi, state) && Soon - _time.GetElapsedTime(_ordered) is var left && left > TimeSpan.Zero)
        {
            return StepResult.After(left);
        }

        var facts = Told(vmi, state) is { } told && _tools.Rules.Source(told).Action == SourceAction.Commit
            ? told
            : await GatherAsync(vmi, state, cancellationToken);
        _forwarding?.Follow(vmi, state, facts.Phase, facts.Failed);
        TellFigures(facts, state, cancellationToken);
        var decision = _tools.Rules.Source(facts);
        if (decision.Action != _lastAction)
        {
            _lastAction = decision.Action;
            LogDecision(_logger, _uid, decision.Action, facts.Phase, decision.Reason);
        }

        return await ApplyAsync(decision, facts, vmi, state, cancellationToken);
    }

    private async Task<StepResult> ApplyAsync(
        SourceDecision decision, SourceFacts facts, VirtualMachineInstance vmi, MigrationState state, CancellationToken cancellationToken)
    {
        var qmp = _link.Client;
        switch (decision.Action)
        {
            case SourceAction.Wait:
                return await WaitAsync(facts, vmi, state, cancellationToken);
            case SourceAction.Start:
                return await StartAsync(qmp!, vmi, state, cancellationToken);
            case SourceAction.RetryWrite:
                _record.Record.Event(vmi, EventReasons.Warning, EventReasons.MigrationDecision, $"{decision.Action}: {decision.Reason}");
                await _refused.RetryAsync(qmp!, cancellationToken);
                return StepResult.Again;
            case SourceAction.Migrate:
                return await MigrateAsync(qmp!, state, cancellationToken);
            case SourceAction.EndMirrors:
                await _setup!.EndMirrorsAsync(qmp!, _jobs, cancellationToken);
                return StepResult.Again;
            case SourceAction.Continue:
                return await ContinueAsync(qmp!, cancellationToken);
            case SourceAction.Commit:
                return await CommitAsync(qmp!, vmi, cancellationToken);
            case SourceAction.Cancel:
                return await CancelAsync(qmp!, facts, state, decision.Reason, cancellationToken);
            case SourceAction.EndEarlier:
                return await EndEarlierAsync(qmp!, facts.Phase, cancellationToken);
            case SourceAction.Yank:
                return await YankAsync(qmp, state, decision.Reason, cancellationToken);
            case SourceAction.RecordFailure:
                return await RecordFailureAsync(vmi, state, facts, decision.Reason, cancellationToken);
            case SourceAction.Resume:
                if (!facts.Failed)
                {
                    _monitor.GiveUp(decision.Reason);
                }

                _forwarding?.GuestStays();
                await qmp!.ContinueAsync(cancellationToken, CommandDeadline);
                LogResumed(_logger, _uid);
                return StepResult.Again;
            case SourceAction.BreakChannel:
                _stuck.Restart();
                LogChannel(_logger, _uid, decision.Action, decision.Reason);
                await _postCopy.BreakAsync(qmp!, cancellationToken);
                return StepResult.After(Soon);
            case SourceAction.RecordLoss:
                return await RecordLossAsync(vmi, state, cancellationToken);
            case SourceAction.RecoverChannel:
                return await RecoverAsync(qmp!, vmi, state, cancellationToken);
            case SourceAction.CleanUp:
                _markersKnown = false;
                await AbandonForwardingAsync(cancellationToken);
                await _setup!.CleanUpAsync(qmp!, cancellationToken);
                return StepResult.Again;
            case SourceAction.Finish or SourceAction.GiveUp:
                return await FinishAsync(qmp, handedOver: decision.Action == SourceAction.Finish, cancellationToken);
            default:
                return StepResult.Finished;
        }
    }

    private async Task<StepResult> WaitAsync(
        SourceFacts facts, VirtualMachineInstance vmi, MigrationState state, CancellationToken cancellationToken)
    {
        if (facts.Owner == Owner.Source && !facts.Failed && (_standingSince is not null || _monitor.Progress.IsNearSwitch || !_record.IsFresh))
        {
            // Beside the work: the guest runs, or stands still, whether or not the server answers.
            _record.AskBeside(cancellationToken);
        }

        if (facts.Owner == Owner.Source && !facts.Failed
            && (facts.Phase == SourcePhase.Active || (facts.Phase == SourcePhase.Idle && facts.Prepared)))
        {
            if (_foundUnderWay)
            {
                _foundUnderWay = false;
                await _monitor.ReleaseAsync(_link.Client!, state, cancellationToken);
            }

            KeepConnections(vmi, facts, state, cancellationToken);

            _markersKnown &= !await _monitor.ObserveAsync(_link.Client!, facts, state, cancellationToken);
            return StepResult.After(Soon);
        }

        // Held by the target's word: look for it ourselves now and then, should the watch be slow.
        if (facts.Owner == Owner.Target)
        {
            var notes = new List<JsonArray>();
            if (facts.Phase == SourcePhase.PostCopy && state.Channel?.State == MigrationChannel.Broken)
            {
                notes.Add(RecordPatches.Channel(state, MigrationChannel.Open, reason: null, _time.GetUtcNow()));
                _record.Record.Event(vmi, EventReasons.Normal, EventReasons.PostCopyRecovered, "The post-copy channel works again; the guest goes on.");
            }

            if (facts.Phase is SourcePhase.PostCopy)
            {
                _monitor.Note(state, facts.Owner, notes, cancellationToken);
            }

            _record.AskBeside(cancellationToken);
            return StepResult.After(Later);
        }

        return StepResult.After(_completing || facts.Phase is SourcePhase.PreSwitchover or SourcePhase.Completed ? AtOnce : facts.Phase is SourcePhase.Idle ? Later : Soon);
    }

    [LoggerMessage(300, LogLevel.Information, "Migration {Uid} source: {Action} ({Phase}): {Reason}")]
    private static partial void LogDecision(ILogger logger, string uid, SourceAction action, SourcePhase phase, string reason);

    [LoggerMessage(301, LogLevel.Warning, "Migration {Uid} source: QEMU is silent: {Error}")]
    private static partial void LogSilent(ILogger logger, string uid, string error);

    [LoggerMessage(302, LogLevel.Information, "Migration {Uid} source: the guest goes on here")]
    private static partial void LogResumed(ILogger logger, string uid);

    [LoggerMessage(304, LogLevel.Information, "Migration {Uid} source: waits for its certificates")]
    private static partial void LogNoCredentials(ILogger logger, string uid);

    [LoggerMessage(308, LogLevel.Warning, "Migration {Uid} source: post-copy channel, {Action}: {Reason}")]
    private static partial void LogChannel(ILogger logger, string uid, SourceAction action, string reason);

    [LoggerMessage(310, LogLevel.Warning, "Migration {Uid} source: the API server refused the hand-over, attempt {Attempt}; the guest stands still: {Refusal}")]
    private static partial void LogCommitRefused(ILogger logger, string uid, int attempt, string refusal);

    [LoggerMessage(305, LogLevel.Information, "Migration {Uid} source: commit written: {Committed}; the guest stood still for {Pause}")]
    private static partial void LogCommit(ILogger logger, string uid, bool committed, PauseParts pause);

    [LoggerMessage(306, LogLevel.Warning, "Migration {Uid} source: breaks QEMU's connections: {Reason}")]
    private static partial void LogYank(ILogger logger, string uid, string reason);

    [LoggerMessage(312, LogLevel.Warning, "Migration {Uid} source: cuts {Count} of QEMU's connections to {Address}")]
    private static partial void LogCut(ILogger logger, string uid, int count, string address);

    [LoggerMessage(313, LogLevel.Warning, "Migration {Uid} source: QEMU's connections cannot be ended from outside: {Error}")]
    private static partial void LogNotCut(ILogger logger, string uid, string error);

    [LoggerMessage(311, LogLevel.Error, "Migration {Uid} source: QEMU has ended in post-copy; the guest is lost")]
    private static partial void LogLost(ILogger logger, string uid);

    [LoggerMessage(307, LogLevel.Warning, "Migration {Uid} source: failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string uid, string reason);
}
