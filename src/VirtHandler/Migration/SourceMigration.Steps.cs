using System.Net;
using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Forwarding;
using Godwit.VirtHandler.Forwarding.Kernel;
using Godwit.VirtHandler.Host;

namespace Godwit.VirtHandler.Migration;

/// <summary>The source's steps one by one; which is due is decided elsewhere.</summary>
internal sealed partial class SourceMigration
{
    private async Task<StepResult> StartAsync(QmpClient qmp, VirtualMachineInstance vmi, MigrationState state, CancellationToken cancellationToken)
    {
        MigrationCredentials? credentials = null;
        if (state.UsesTls())
        {
            credentials = await _record.Record.CredentialsAsync(_uid, cancellationToken);
            if (credentials is null)
            {
                LogNoCredentials(_logger, _uid);
                return StepResult.After(Later);
            }
        }

        if (state.StartTimestamp is null)
        {
            if (!await _record.WriteAsync(RecordPatches.Started(state, credentials is not null, _time.GetUtcNow()), cancellationToken))
            {
                return StepResult.Again;
            }

            _record.Record.Event(vmi, EventReasons.Normal, EventReasons.Migrating, "VirtualMachineInstance is migrating.");
        }

        _markersKnown = false;
        _forwarding?.Prepare(vmi, state);
        try
        {
            await _setup!.PrepareAsync(qmp, state, credentials, _monitor.Progress.RulesFor(state, vmi.Status?.Hardware?.MemoryBytes ?? 0), cancellationToken);
        }
        catch (Exception e) when (e is QmpException or MigrationException)
        {
            _monitor.GiveUp(e.Message);
        }

        return StepResult.Again;
    }

    private async Task<StepResult> MigrateAsync(QmpClient qmp, MigrationState state, CancellationToken cancellationToken)
    {
        _markersKnown = false;
        if (_forwarding is not null)
        {
            // A small guest has moved sooner than the way for its connections is open.
            await _forwarding.OpenAsync(cancellationToken);
            TellForwarding(state, Owner.Source, cancellationToken);
            await _forwarding.FollowedAsync(cancellationToken);
        }

        try
        {
            await _setup!.MigrateAsync(qmp, state, _begun, cancellationToken);
        }
        catch (Exception e) when (e is QmpException or MigrationException)
        {
            _monitor.GiveUp(e.Message);
        }

        return StepResult.Again;
    }

    private async Task<StepResult> ContinueAsync(QmpClient qmp, CancellationToken cancellationToken)
    {
        _continued = _orderedPostCopy ? null : (qmp, qmp.Events.Position);
        var going = qmp.MigrateContinueAsync(MigrationStates.PreSwitchover, cancellationToken, CommandDeadline);
        // The answer is there before QEMU is done, as a rule: the commit rests on it.
        _record.AskBeside(cancellationToken);
        await going;
        _ordered = _time.GetTimestamp();
        _stuck.Restart();
        return StepResult.After(Soon);
    }

    private async Task<StepResult> CommitAsync(QmpClient qmp, VirtualMachineInstance vmi, CancellationToken cancellationToken)
    {
        if (!_monitor.Noting.IsCompleted)
        {
            // It makes a newer version of the record, and the commit rests on the newest.
            await _monitor.EndNotesAsync(cancellationToken);
            return StepResult.Again;
        }

        _commitSent = true;
        var stopped = qmp.Events.Since(0).LastOrDefault(e => e.Name == "STOP")?.Timestamp;
        var committed = await _record.WriteAsync(RecordPatches.Commit(vmi, stopped, _addresses.Known, _orderedPostCopy), cancellationToken);
        _committed = committed && !_orderedPostCopy;
        _ordered = _time.GetTimestamp();
        LogCommit(_logger, _uid, committed, PauseParts.Of(qmp.Events.Since(0), _time.GetUtcNow()));
        if (committed || !_record.IsFresh || _record.Vmi.Metadata.ResourceVersion != vmi.Metadata.ResourceVersion)
        {
            // Unknown, or somebody wrote meanwhile: the newest reading tells, and the next step acts on it.
            _refusals = 0;
            return _record.IsFresh ? StepResult.Again : StepResult.After(Soon);
        }

        _refusal = _record.Refusal ?? "it gave no reason";
        LogCommitRefused(_logger, _uid, _refusals + 1, _refusal);
        var pause = AfterRefusal * (1 << _refusals);
        // No answer has cost five seconds already: one more try, and no other.
        _refusals = _record.IsUnanswered ? Math.Max(_refusals + 1, MostRefusals - 1) : _refusals + 1;
        return StepResult.After(pause);
    }

    private async Task<StepResult> CancelAsync(
        QmpClient qmp, SourceFacts facts, MigrationState state, string reason, CancellationToken cancellationToken)
    {
        if (!facts.Failed)
        {
            _monitor.GiveUp(reason);
        }

        if (!_cancelled || facts.Phase == SourcePhase.PreSwitchover)
        {
            _cancelled = true;
            _forwarding?.GuestStays();
            await qmp.MigrateCancelAsync(cancellationToken, CommandDeadline);
        }

        // Afterwards: the guest may be standing still, and must not wait for the server.
        if (facts.AbortRequested && !facts.Failed && state.AbortStatus is null)
        {
            await _record.WriteAsync(RecordPatches.Aborting(state), cancellationToken);
        }

        return StepResult.After(Soon);
    }

    private async Task<StepResult> EndEarlierAsync(QmpClient qmp, SourcePhase phase, CancellationToken cancellationToken)
    {
        if (phase == SourcePhase.EarlierCompleted)
        {
            await qmp.ContinueAsync(cancellationToken, CommandDeadline);
            LogResumed(_logger, _uid);
            return StepResult.Again;
        }

        await qmp.MigrateCancelAsync(cancellationToken, CommandDeadline);
        return StepResult.After(Soon);
    }

    private async Task<StepResult> YankAsync(QmpClient? qmp, MigrationState state, string reason, CancellationToken cancellationToken)
    {
        _stuck.Restart();
        CutConnections(state);
        if (qmp is not null)
        {
            LogYank(_logger, _uid, reason);
            await qmp.YankMigrationAsync(cancellationToken, CommandDeadline);
        }

        return StepResult.After(Soon);
    }

    /// <summary>Also those that QEMU would not yank, as it is still making them.</summary>
    private void CutConnections(MigrationState state)
    {
        int[] ports = [.. new[] { state.PortFor(MigrationModes.PortRoleMemory), state.PortFor(MigrationModes.PortRoleBlock) }.OfType<int>()];
        if (_pod.LauncherPid is not { } launcher || !IPAddress.TryParse(state.TargetNodeAddress, out var target) || QemuProcess.Below(launcher) is not { } qemu)
        {
            return;
        }

        try
        {
            LogCut(_logger, _uid, PeerConnections.Cut(qemu, target, ports), state.TargetNodeAddress!);
        }
        catch (KernelException e)
        {
            LogNotCut(_logger, _uid, e.Message);
        }
    }

    private async Task<StepResult> RecoverAsync(
        QmpClient qmp, VirtualMachineInstance vmi, MigrationState state, CancellationToken cancellationToken)
    {
        if (state.Channel?.State != MigrationChannel.Broken)
        {
            // The target has to hear of it: where packets only vanish, its QEMU still believes in the channel.
            var reason = (await qmp.QueryMigrateAsync(cancellationToken, QueryDeadline)).ErrorDesc ?? "QEMU gave no reason";
            LogChannel(_logger, _uid, SourceAction.RecoverChannel, reason);
            _record.Record.Event(
                vmi, EventReasons.Warning, EventReasons.PostCopyPaused,
                $"The post-copy channel broke ({reason}). The guest is held in two places and stands still when it needs a page from here; the channel is made again until it works.");
            await _record.WriteAsync(RecordPatches.Channel(state, MigrationChannel.Broken, reason, _time.GetUtcNow()), cancellationToken);
            return StepResult.Again;
        }

        try
        {
            await _postCopy.RecoverAsync(qmp, state, cancellationToken);
        }
        catch (QmpException e)
        {
            // It is about to notice by itself, or another try is under way.
            LogSilent(_logger, _uid, e.Message);
        }

        _record.AskBeside(cancellationToken);
        return StepResult.After(Later);
    }

    private async Task<StepResult> RecordLossAsync(VirtualMachineInstance vmi, MigrationState state, CancellationToken cancellationToken)
    {
        const string Reason = "the source's QEMU has ended with what was still to be fetched from it";
        if (await _record.WriteAsync(RecordPatches.Channel(state, MigrationChannel.Lost, Reason, _time.GetUtcNow()), cancellationToken))
        {
            _record.Record.Event(
                vmi, EventReasons.Warning, EventReasons.PostCopyPaused, $"The guest is lost: {Reason}. What has arrived at the target is of no use without it.");
            LogLost(_logger, _uid);
            return StepResult.Again;
        }

        return StepResult.After(Soon);
    }

    private async Task<StepResult> RecordFailureAsync(
        VirtualMachineInstance vmi, MigrationState state, SourceFacts facts, string reason, CancellationToken cancellationToken)
    {
        var why = facts.AbortRequested ? "Live migration has been aborted" : _monitor.GivenUp ?? reason;
        var abort = facts.AbortRequested ? MigrationModes.AbortSucceeded : null;
        if (await _record.WriteAsync(RecordPatches.Failure(state, why, abort, _time.GetUtcNow()), cancellationToken))
        {
            _record.Record.Event(
                vmi, EventReasons.Warning, EventReasons.Migrated, $"VirtualMachineInstance migration uid {_uid} failed. reason:{why}");
            LogFailed(_logger, _uid, why);
            await AbandonForwardingAsync(cancellationToken);
            return StepResult.Again;
        }

        return _record.IsFresh && _record.Vmi.Metadata.ResourceVersion != vmi.Metadata.ResourceVersion ? StepResult.Again : StepResult.After(Soon);
    }

    /// <summary>Opens a way for the guest's connections, also in a migration that an agent before this one began, and tells how that goes.</summary>
    private void KeepConnections(VirtualMachineInstance vmi, SourceFacts facts, MigrationState state, CancellationToken cancellationToken)
    {
        _forwarding?.Prepare(vmi, state);
        TellForwarding(state, facts.Owner, cancellationToken);
    }

    private void TellForwarding(MigrationState state, Owner owner, CancellationToken cancellationToken)
    {
        if (_forwarding?.News() is { } news)
        {
            _monitor.Note(state, owner, [RecordPatches.Forwarding(_uid, news)], cancellationToken);
        }
    }

    /// <summary>Tells what was sent in the end and how long QEMU says that the guest stood still; QEMU knows it once it has completed.</summary>
    private void TellFigures(SourceFacts facts, MigrationState state, CancellationToken cancellationToken)
    {
        if (facts is { Owner: Owner.Target, Phase: SourcePhase.Completed } && !_figuresTold && state.QemuDowntimeMs is null && _downtime is { } downtime)
        {
            _figuresTold = true;
            _monitor.NoteLast(RecordPatches.Figures(state, downtime, _monitor.Progress.Last()), cancellationToken);
        }
    }

    private Task AbandonForwardingAsync(CancellationToken cancellationToken) => _forwarding?.AbandonAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>The pod outlives its QEMU when there is something to forward. Told before QEMU ends, after which it may be taken for done.</summary>
    /// <returns>False: it could not be told, and is to be tried again.</returns>
    private async Task<bool> StayAsync(CancellationToken cancellationToken)
    {
        if (_record.Vmi.Migration() is not { } state || await _forwarding!.StayAsync(_record.Vmi, state, cancellationToken) is not { } forwarding)
        {
            return true;
        }

        if (!await _record.WriteAsync(RecordPatches.Forwarding(_uid, forwarding), cancellationToken)
            && _record.Vmi.IsAbout(_uid) && ++_untoldStays < MostUntoldStays)
        {
            return false;
        }

        _forwarding.Told();
        return true;
    }

    private async Task<StepResult> FinishAsync(QmpClient? qmp, bool handedOver, CancellationToken cancellationToken)
    {
        var note = Path.Combine(_pod.Folder, DomainFolder.Migrated);
        // A guest that was lost on the way did not move: its launcher must not say so, or the VMI would end as a success.
        if (handedOver && !File.Exists(note))
        {
            PodFolder.Write(_pod.Folder, DomainFolder.Migrated, _uid);
        }

        if (handedOver && _forwarding is not null && !await StayAsync(cancellationToken))
        {
            return StepResult.After(Soon);
        }

        SourceSetup.DeleteCredentials(_pod, _uid);
        if (qmp is not null)
        {
            try
            {
                await qmp.QuitAsync(cancellationToken, CommandDeadline);
                await qmp.Closed.WaitAsync(CommandDeadline, _time, cancellationToken);
            }
            catch (Exception e) when (e is QmpUnavailableException or TimeoutException)
            {
                LogSilent(_logger, _uid, e.Message);
            }
        }

        return StepResult.After(Soon);
    }
}
