using Godwit.Qemu;
using Godwit.Types;

namespace Godwit.VirtHandler.Migration;

/// <summary>What the source's next step is decided from, read from the record and from QEMU.</summary>
internal sealed partial class SourceMigration
{
    /// <summary>
    /// QEMU has been told to go on and will say when it is done, or the record has been moved and the target will act: the guest stands
    /// still until then, and a question would only be in the way.
    /// </summary>
    private bool IsOthersTurn(VirtualMachineInstance vmi, MigrationState state) => vmi.OwnerFor(state) switch
    {
        Owner.Source => _continued is { } from && from.Client == _link.Client && _monitor.GivenUp is null
            && state is { AbortRequested: not true, Failed: not true } && Phases.SaysNoEnd(from.Client.Events.Since(from.Position)),
        Owner.Target => _committed && state.TargetNodeDomainReadyTimestamp is null,
        _ => false,
    };

    /// <summary>
    /// The facts when QEMU has said by itself that it has completed; null when it has not. A question would wait for up to 5 ms then,
    /// until its main loop has cleaned up, and the guest stands still. From that word on nothing makes it resume by itself (QEMU
    /// 10.0, <c>migration_iteration_finish</c>), though its run state follows a moment later.
    /// </summary>
    private SourceFacts? Told(VirtualMachineInstance vmi, MigrationState state)
    {
        if (_continued is not { } from || from.Client != _link.Client || !Phases.SaysCompleted(from.Client.Events.Since(from.Position)))
        {
            return null;
        }

        NotePhase(SourcePhase.Completed);
        return OnRecord(vmi, state) with
        {
            Phase = SourcePhase.Completed,
            CommitSent = _commitSent,
            Standing = Standing,
            AnswerTime = _record.AnswerTime,
            Prepared = _prepared,
            HasLeftovers = _hasLeftovers,
            PostCopy = state.IsPostCopy() || _orderedPostCopy,
        };
    }

    private SourceFacts OnRecord(VirtualMachineInstance vmi, MigrationState state) => new()
    {
        Owner = vmi.OwnerFor(state),
        SinceAnswer = _record.SinceAnswer,
        MayStand = MonitorRules.LongestSilence(state.MigrationConfiguration),
        Failed = state.Failed == true,
        AbortRequested = state.AbortRequested == true,
        TargetListening = !string.IsNullOrEmpty(state.TargetNodeAddress),
        TargetRuns = state.TargetNodeDomainReadyTimestamp is not null && (!state.IsPostCopy() || state.Completed == true),
        LossRecorded = state.Channel?.State == MigrationChannel.Lost,
        TargetArrived = state.TargetNodeDomainReadyTimestamp is not null,
        PostCopy = state.IsPostCopy(),
        PausedByUser = vmi.PausedByUser(),
        GivenUp = _monitor.GivenUp,
        CommitRefused = _refusals >= MostRefusals ? _refusal : null,
        Phase = SourcePhase.Unreachable,
    };

    private TimeSpan Standing => _standingSince is { } since ? _time.GetElapsedTime(since) : TimeSpan.Zero;

    private async Task<SourceFacts> GatherAsync(VirtualMachineInstance vmi, MigrationState state, CancellationToken cancellationToken)
    {
        var facts = OnRecord(vmi, state);
        switch (await _link.ConnectAsync(cancellationToken))
        {
            case QemuPresence.Gone or QemuPresence.NotPrepared:
                return facts with { Phase = SourcePhase.Gone };
            case QemuPresence.Connected:
                break;
            default:
                return facts with { Stuck = IsStuck(SourcePhase.Unreachable) };
        }

        var qmp = _link.Client!;
        try
        {
            _setup ??= new SourceSetup(_pod, _names, Domain.Read(_pod.Folder)?.CopiedDisks ?? [], _tools);
            if (!_markersKnown)
            {
                // Only when something of ours may have changed them: this costs time in which the guest may be standing still.
                var objects = await qmp.ListObjectsAsync(cancellationToken, QueryDeadline);
                _prepared = objects.Contains(_names.PreparedMarker);
                _begun = objects.Contains(_names.BegunMarker);
                _orderedPostCopy = objects.Contains(_names.PostCopyMarker);
                _hasLeftovers = objects.Any(AttemptNames.IsAnAttempts);
                _markersKnown = true;
            }

            // Sent together, answered in order: the guest may be standing still while we ask.
            var deadline = _standingSince is null ? QueryDeadline : StandingQueryDeadline;
            var asked = (
                Run: qmp.QueryStatusAsync(cancellationToken, deadline),
                Migration: qmp.QueryMigrateAsync(cancellationToken, deadline),
                Jobs: _setup.HasMirrors ? _setup.JobsAsync(qmp, cancellationToken) : Task.FromResult<JobInfo[]>([]));
            await Task.WhenAll(asked.Run, asked.Migration, asked.Jobs);
            var (run, migration, jobs) = (await asked.Run, await asked.Migration, await asked.Jobs);
            _jobs = jobs;
            _completing = _begun && (migration.Status, run.Status) is (MigrationStates.Completed, RunStates.FinishMigrate);
            _downtime = migration.Downtime;
            var phase = Phases.OfSource(_begun, migration.Status, run.Status, _orderedPostCopy);
            _monitor.Progress.Take(migration, jobs, phase);
            NotePhase(phase);
            if (_standingSince is null && facts.TargetListening)
            {
                _addresses.LookBeside(state, cancellationToken);
            }

            return facts with
            {
                Phase = phase,
                CommitSent = _commitSent,
                Standing = Standing,
                SinceAnswer = _record.SinceAnswer,
                AnswerTime = _record.AnswerTime,
                RetryDue = !_monitor.Progress.HasStoppedGuest && state.Mode != MigrationModes.Paused && _refused.IsDue(run.Status),
                GuestStopped = run.Status is RunStates.Paused or RunStates.PostMigrate,
                Error = phase == SourcePhase.Failed ? Explain(migration, run) : jobs.FirstOrDefault(j => j.Error is not null)?.Error,
                Mirrors = Phases.OfMirrors(jobs, ending: phase is not (SourcePhase.Idle or SourcePhase.Setup or SourcePhase.Active)),
                HasMirrors = _setup.HasMirrors,
                Prepared = _prepared,
                HasLeftovers = _hasLeftovers,
                PostCopy = facts.PostCopy || _orderedPostCopy,
                Stalled = _postCopy.IsStalled(phase, _monitor.Progress.Transferred),
                Stuck = IsStuck(phase),
            };
        }
        catch (QmpUnavailableException e)
        {
            LogSilent(_logger, _uid, e.Message);
            return facts with { Stuck = IsStuck(SourcePhase.Unreachable) };
        }
    }

    private bool IsStuck(SourcePhase phase) => _stuck.IsStuck(phase, _monitor.Progress.Transferred);

    private void NotePhase(SourcePhase phase)
    {
        if (!_found)
        {
            _found = true;
            _foundUnderWay = phase == SourcePhase.Active;
            _commitSent = Switchover.MayBeCommitted(phase);
        }

        _standingSince = phase is SourcePhase.Switching or SourcePhase.PreSwitchover or SourcePhase.Device or SourcePhase.Completed
            ? _standingSince ?? _time.GetTimestamp()
            : null;
    }

    private static string Explain(MigrationStatus migration, VmStatus run) => migration switch
    {
        { ErrorDesc: { Length: > 0 } error } => error,
        { Status: MigrationStates.Cancelled } => "Live migration has been aborted",
        { Status: MigrationStates.Completed } => $"interrupted before it began (the guest is {run.Status})",
        _ => "interrupted before it began",
    };
}
