using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Forwarding;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Migration;

/// <summary>
/// Drives one migration at its target. The guest that arrives is held until the record names this pod; that it may have run
/// is noted on disk before it is released, so that a copy which has run is never taken for one that has not.
/// </summary>
internal sealed partial class TargetMigration : IMigrationDriver
{
    private static readonly TimeSpan QueryDeadline = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CommandDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(1);

    private readonly LocalPod _pod;
    private readonly string _uid;
    private readonly RecordKeeper _record;
    private readonly MigrationTools _tools;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly QemuLink _link;
    private readonly TargetSetup _setup;
    private readonly RefusedWrite _refused;
    private readonly TargetForwarding? _forwarding;
    private bool _hasLeftovers = true;
    private bool? _exportsOpen;
    private bool _heldBefore;
    private (QmpClient Client, long Position, bool Halted)? _loaded;
    private bool _listensAnew;
    private int _seenBreaks;
    private long? _silentSince;
    private TargetAction? _lastAction;
    private MigrationPath? _path;

    public TargetMigration(LocalPod pod, string uid, RecordKeeper record, MigrationTools tools, ILogger logger, TimeProvider time)
    {
        _pod = pod;
        _uid = uid;
        _record = record;
        _tools = tools;
        _logger = logger;
        _time = time;
        _link = new QemuLink(pod.Folder, tools.Monitors with { Time = time });
        _setup = new TargetSetup(pod, new AttemptNames(uid), tools);
        _refused = new RefusedWrite(time);
        _forwarding = tools.Forwarding?.ForTarget(pod, uid, record);
    }

    public QmpClient? Monitor => _link.Client;

    public async ValueTask DisposeAsync()
    {
        if (_forwarding is not null && _lastAction == TargetAction.Done && _record.Vmi.Status?.OwnerPodUID == _pod.Uid)
        {
            _tools.Forwarding!.Linger(_forwarding);
        }
        else if (_forwarding is not null)
        {
            await _forwarding.DisposeAsync();
        }

        await _link.DisposeAsync();
        await _record.Asking;
    }

    public async Task<StepResult> StepAsync(CancellationToken cancellationToken)
    {
        var vmi = _record.Vmi;
        var facts = await GatherAsync(vmi, cancellationToken);
        if (facts is { Owner: Owner.Source or Owner.Target, Superseded: false, Failed: false }
            && facts.Phase is TargetPhase.Waiting or TargetPhase.Listening or TargetPhase.Receiving or TargetPhase.Loaded)
        {
            // Early: it is awaited before the source is told to come. Late, after an agent's return, it may still be in time.
            _forwarding?.Listen(vmi, vmi.Migration()!);
        }

        var decision = _tools.Rules.Target(facts);
        if (decision.Action != _lastAction)
        {
            _lastAction = decision.Action;
            LogDecision(_logger, _uid, decision.Action, facts.Phase, decision.Reason);
        }

        return await ApplyAsync(decision, facts, vmi, cancellationToken);
    }

    private async Task<TargetFacts> GatherAsync(VirtualMachineInstance vmi, CancellationToken cancellationToken)
    {
        var state = vmi.Migration();
        var superseded = _record.IsGone || state?.MigrationUid != _uid;
        var facts = new TargetFacts
        {
            Owner = !superseded ? vmi.OwnerFor(state!) : vmi.Status?.OwnerPodUID == _pod.Uid ? Owner.Target : Owner.Source,
            Superseded = superseded,
            Failed = state?.Failed == true,
            Published = !string.IsNullOrEmpty(state?.TargetNodeAddress),
            ArrivalReported = superseded || state?.TargetNodeDomainReadyTimestamp is not null,
            RunReported = superseded || (state?.TargetNodeDomainReadyTimestamp is not null && (!state.IsPostCopy() || state.Completed == true)),
            PostCopy = state?.IsPostCopy() == true,
            ChannelBroken = state?.Channel is { State: MigrationChannel.Broken, Breaks: { } breaks } && breaks > _seenBreaks,
            SourceLost = state?.Channel?.State == MigrationChannel.Lost,
            Stuck = _silentSince is { } since && _time.GetElapsedTime(since) > SilenceLimit,
            MayHaveRun = File.Exists(Path.Combine(_pod.Folder, DomainFolder.Released)),
            PausedByUser = vmi.PausedByUser(),
            HasLeftovers = _hasLeftovers,
            Phase = TargetPhase.Unreachable,
        };
        switch (await _link.ConnectAsync(cancellationToken))
        {
            case QemuPresence.Gone:
                return facts with { Phase = TargetPhase.Gone };
            case QemuPresence.NotPrepared:
                return facts with { Phase = TargetPhase.NotPrepared };
            case QemuPresence.Starting:
                return facts with { Phase = TargetPhase.Starting };
            case QemuPresence.Connected:
                break;
            default:
                return facts;
        }

        var qmp = _link.Client!;
        if (facts.PostCopy && Phases.OfPostCopyEvents(qmp.Events.Since(0)) is { } told)
        {
            // Not asked: a guest that waits for a page can hold up QEMU's main loop, and every question with it.
            return facts with { Phase = told };
        }

        if (facts is { Owner: Owner.Target, RunReported: false } && _loaded is { } loaded && loaded.Client == qmp && loaded.Position == qmp.Events.Position)
        {
            // It has said nothing since it was asked last, and nobody but us lets it run.
            return facts with { Phase = TargetPhase.Loaded, Halted = loaded.Halted, ExportsOpen = _exportsOpen == true };
        }

        try
        {
            var position = qmp.Events.Position;
            // Sent together, answered in order: the guest may be standing still while we ask.
            var asked = (Migration: qmp.QueryMigrateAsync(cancellationToken, QueryDeadline), Run: qmp.QueryStatusAsync(cancellationToken, QueryDeadline));
            await Task.WhenAll(asked.Migration, asked.Run);
            var (migration, run) = (await asked.Migration, await asked.Run);
            _silentSince = null;
            _listensAnew = false;
            _exportsOpen ??= (await qmp.QueryBlockExportsAsync(cancellationToken)).Length > 0;
            var phase = Phases.OfTarget(migration.Status, run.Status, facts.MayHaveRun);
            var halted = Phases.IsHalted(run.Status);
            _loaded = phase == TargetPhase.Loaded ? (qmp, position, halted) : null;
            return facts with { Phase = phase, RetryDue = _refused.IsDue(run.Status), Halted = halted, ExportsOpen = _exportsOpen.Value };
        }
        catch (QmpUnavailableException e)
        {
            LogSilent(_logger, _uid, e.Message);
            _silentSince ??= _time.GetTimestamp();
            return _listensAnew ? facts with { Phase = TargetPhase.PostCopyPaused } : facts;
        }
    }

    private async Task<StepResult> ApplyAsync(
        TargetDecision decision, TargetFacts facts, VirtualMachineInstance vmi, CancellationToken cancellationToken)
    {
        var qmp = _link.Client;
        switch (decision.Action)
        {
            case TargetAction.Wait:
                return Wait(facts, cancellationToken);
            case TargetAction.Prepare:
                return await GuardAsync(vmi, async () => await _tools.Targets.PrepareAsync(vmi, _pod, cancellationToken), cancellationToken);
            case TargetAction.Listen:
                return await GuardAsync(vmi, () => ListenAsync(qmp!, vmi, cancellationToken), cancellationToken);
            case TargetAction.Publish:
                return await PublishAsync(qmp!, vmi, cancellationToken);
            case TargetAction.CloseExports:
                await qmp!.NbdServerStopAsync(cancellationToken);
                _exportsOpen = false;
                return StepResult.Again;
            case TargetAction.Run:
                return await RunAsync(qmp!, cancellationToken);
            case TargetAction.RetryWrite:
                _record.Record.Event(vmi, EventReasons.Warning, EventReasons.MigrationDecision, $"{decision.Action}: {decision.Reason}");
                await _refused.RetryAsync(qmp!, cancellationToken);
                return StepResult.Again;
            case TargetAction.ReportArrival:
                return await ReportAsync(qmp!, vmi, whole: false, cancellationToken);
            case TargetAction.ReportRunning:
                return await ReportAsync(qmp!, vmi, whole: true, cancellationToken);
            case TargetAction.BreakChannel or TargetAction.RecoverChannel:
                return await MendChannelAsync(qmp, decision, vmi, cancellationToken);
            case TargetAction.GiveUp:
                return await GiveUpAsync(qmp, vmi, decision.Reason, cancellationToken);
            case TargetAction.HandBack:
                return await HandBackAsync(vmi, decision.Reason, cancellationToken);
            case TargetAction.End:
                return await EndAsync(qmp, cancellationToken);
            case TargetAction.CleanUp:
                await _setup.CleanUpAsync(qmp!, cancellationToken);
                _hasLeftovers = false;
                return StepResult.Again;
            default:
                return StepResult.Finished;
        }
    }

    private StepResult Wait(TargetFacts facts, CancellationToken cancellationToken)
    {
        if (facts.Phase is TargetPhase.Starting)
        {
            return StepResult.After(TimeSpan.FromMilliseconds(20));
        }

        if (facts.Phase == TargetPhase.Loaded && !_heldBefore)
        {
            // The commit is under way, and the watch will tell of it: a question now would only be in its way.
            _heldBefore = true;
            return StepResult.After(Soon);
        }

        // The guest stands still until we hear that the record names us: do not rely on the watch alone, nor on the answer.
        if (facts.Phase is TargetPhase.Loaded or TargetPhase.Failed or TargetPhase.Gone || !_record.IsFresh)
        {
            _record.AskBeside(cancellationToken);
        }

        return StepResult.After(facts.Phase == TargetPhase.Loaded ? Soon : Later);
    }

    /// <summary>Runs a preparing step; what cannot be cured by repetition is recorded as the migration's failure.</summary>
    private async Task<StepResult> GuardAsync(VirtualMachineInstance vmi, Func<Task<bool>> step, CancellationToken cancellationToken)
    {
        string problem;
        try
        {
            return await step() ? StepResult.Again : StepResult.After(Later);
        }
        catch (Exception e) when (e is MigrationException or QmpException or ArgumentException or InvalidDataException or Boot.DomainException or Disks.DiskException)
        {
            problem = $"the target could not be prepared: {e.Message}";
        }

        _record.Record.Event(vmi, EventReasons.Warning, EventReasons.PreparingTarget, problem);
        LogProblem(_logger, _uid, problem);
        await _record.WriteAsync(RecordPatches.Failure(vmi.Migration()!, problem, abortStatus: null, _time.GetUtcNow()), cancellationToken);
        return _record.IsFresh ? StepResult.Again : StepResult.After(Later);
    }

    private async Task<bool> ListenAsync(QmpClient qmp, VirtualMachineInstance vmi, CancellationToken cancellationToken)
    {
        var state = vmi.Migration()!;
        MigrationCredentials? credentials = null;
        if (state.UsesTls())
        {
            credentials = await _record.Record.CredentialsAsync(_uid, cancellationToken);
            if (credentials is null)
            {
                return false;
            }
        }

        if (await PathAsync(state, cancellationToken) is not { } path)
        {
            return false;
        }

        await _setup.ListenAsync(qmp, vmi, credentials, path, cancellationToken);
        if (path.Warning is not null)
        {
            _record.Record.Event(vmi, EventReasons.Warning, EventReasons.PreparingTarget, $"{path.Warning}.");
        }

        _exportsOpen = _setup.HasDisks;
        _record.Record.Event(vmi, EventReasons.Normal, EventReasons.PreparingTarget, "VirtualMachineInstance Migration Target Prepared.");
        return true;
    }

    /// <summary>Null as long as the source's pod has no address.</summary>
    private async Task<MigrationPath?> PathAsync(MigrationState state, CancellationToken cancellationToken) =>
        _path ??= await _record.Record.PodEndAsync(state.SourcePod ?? "", cancellationToken) is { } source
            ? MigrationPath.Decide(state.MigrationConfiguration?.Network, source, new PodEnd(_pod.Ip, [_pod.Ip], _pod.Dedicated))
            : null;

    private async Task<StepResult> PublishAsync(QmpClient qmp, VirtualMachineInstance vmi, CancellationToken cancellationToken)
    {
        if (await PathAsync(vmi.Migration()!, cancellationToken) is not { Address: var address })
        {
            return StepResult.After(Soon);
        }

        if (_forwarding is not null)
        {
            await _forwarding.ListeningAsync(cancellationToken);
        }

        var ports = _setup.Ports();
        var postCopy = await TargetSetup.IsPostCopyReadyAsync(qmp, vmi.Migration()!, cancellationToken);
        if (await _record.WriteAsync(
                RecordPatches.Published(vmi.Migration()!, address, ports, TargetSetup.ChannelsFor(vmi.Migration()!), postCopy), cancellationToken))
        {
            _record.Record.Event(
                vmi, EventReasons.Normal, EventReasons.PreparingTarget,
                $"Migration Target is listening at {address}, on ports: {string.Join(',', ports.Keys)}");
        }

        return _record.IsFresh ? StepResult.Again : StepResult.After(Soon);
    }

    [LoggerMessage(320, LogLevel.Information, "Migration {Uid} target: {Action} ({Phase}): {Reason}")]
    private static partial void LogDecision(ILogger logger, string uid, TargetAction action, TargetPhase phase, string reason);

    [LoggerMessage(321, LogLevel.Warning, "Migration {Uid} target: QEMU is silent: {Error}")]
    private static partial void LogSilent(ILogger logger, string uid, string error);

    [LoggerMessage(322, LogLevel.Warning, "Migration {Uid} target: {Problem}")]
    private static partial void LogProblem(ILogger logger, string uid, string problem);

    [LoggerMessage(323, LogLevel.Information, "Migration {Uid} target: the guest runs here")]
    private static partial void LogRunning(ILogger logger, string uid);

    [LoggerMessage(325, LogLevel.Warning, "Migration {Uid} target: post-copy channel, {Action}: {Reason}")]
    private static partial void LogChannel(ILogger logger, string uid, TargetAction action, string reason);

    [LoggerMessage(324, LogLevel.Warning, "Migration {Uid} target: record given back to the source: {Done}")]
    private static partial void LogHandBack(ILogger logger, string uid, bool done);
}
