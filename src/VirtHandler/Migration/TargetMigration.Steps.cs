using Godwit.Qemu;
using Godwit.Types;
using Godwit.VirtHandler.Host;

namespace Godwit.VirtHandler.Migration;

/// <summary>The target's steps one by one; which is due is decided elsewhere.</summary>
internal sealed partial class TargetMigration
{
    private async Task<StepResult> RunAsync(QmpClient qmp, CancellationToken cancellationToken)
    {
        var note = Path.Combine(_pod.Folder, DomainFolder.Released);
        if (!File.Exists(note))
        {
            // A plain write is enough: it outlives every process, and a node that loses power loses the guest as well.
            PodFolder.Write(_pod.Folder, DomainFolder.Released, _uid);
        }

        // Whatever comes of it, from here on only QEMU itself knows.
        _loaded = null;
        await qmp.ContinueAsync(cancellationToken, CommandDeadline);
        return StepResult.Again;
    }

    /// <summary>Out of band, because QEMU's main loop may hang on a page that only a whole channel brings.</summary>
    private async Task<StepResult> MendChannelAsync(
        QmpClient? qmp, TargetDecision decision, VirtualMachineInstance vmi, CancellationToken cancellationToken)
    {
        if (qmp is not null)
        {
            try
            {
                LogChannel(_logger, _uid, decision.Action, decision.Reason);
                _seenBreaks = Math.Max(_seenBreaks, vmi.Migration()?.Channel?.Breaks ?? 0);
                if (decision.Action == TargetAction.BreakChannel)
                {
                    await qmp.MigratePauseAsync(cancellationToken);
                }
                else
                {
                    await qmp.MigrateRecoverAsync($"tcp:{VmiView.ForUri(vmi.Migration()?.TargetNodeAddress ?? _pod.Ip)}:{_pod.MemoryPort}", cancellationToken);
                    // It takes this order in no other state: the channel is broken, though it may say nothing else.
                    _listensAnew = true;
                }
            }
            catch (QmpException e)
            {
                // The channel is whole, or a recovery is under way.
                LogSilent(_logger, _uid, e.Message);
            }
        }

        return StepResult.After(Later);
    }

    private async Task<StepResult> GiveUpAsync(QmpClient? qmp, VirtualMachineInstance vmi, string reason, CancellationToken cancellationToken)
    {
        var request = Path.Combine(_pod.Folder, DomainFolder.ShutdownRequested);
        if (!File.Exists(request))
        {
            _record.Record.Event(vmi, EventReasons.Warning, EventReasons.Migrated, $"The guest is lost: {reason}.");
            LogProblem(_logger, _uid, reason);
            // Its main loop may hang on a page for ever and not hear us: the launcher then ends it by force.
            PodFolder.Write(_pod.Folder, DomainFolder.ShutdownRequested, "");
        }

        return await EndAsync(qmp, cancellationToken);
    }

    private async Task<StepResult> ReportAsync(QmpClient qmp, VirtualMachineInstance vmi, bool whole, CancellationToken cancellationToken)
    {
        var resumed = qmp.Events.Since(0).FirstOrDefault(e => e.Name == "RESUME")?.Timestamp;
        var report = whole ? RecordPatches.Running(vmi, resumed, _time.GetUtcNow()) : RecordPatches.Arrived(vmi, resumed, _time.GetUtcNow());
        if (await _record.WriteAsync(report, cancellationToken) && whole)
        {
            _record.Record.Event(
                vmi, EventReasons.Normal, EventReasons.Migrated,
                $"The VirtualMachineInstance migrated to node {vmi.Migration()!.TargetNode}.");
            LogRunning(_logger, _uid);
        }

        return _record.IsFresh ? StepResult.Again : StepResult.After(Soon);
    }

    private async Task<StepResult> HandBackAsync(VirtualMachineInstance vmi, string reason, CancellationToken cancellationToken)
    {
        var done = await _record.WriteAsync(
            RecordPatches.HandBack(vmi, $"{reason}; the guest goes on at the source", _time.GetUtcNow()), cancellationToken);
        LogHandBack(_logger, _uid, done);
        return _record.IsFresh ? StepResult.Again : StepResult.After(Soon);
    }

    private async Task<StepResult> EndAsync(QmpClient? qmp, CancellationToken cancellationToken)
    {
        await _setup.CloseNetworkAsync(cancellationToken);
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
                // Its main loop hangs in a read or write: break the connection, so that the next try is heard.
                LogSilent(_logger, _uid, e.Message);
                await qmp.YankMigrationAsync(cancellationToken, CommandDeadline);
            }
        }

        return StepResult.After(Soon);
    }
}
