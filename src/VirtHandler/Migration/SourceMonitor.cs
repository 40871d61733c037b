using System.Text.Json.Nodes;
using Godwit.Qemu;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtHandler.Migration;

/// <summary>Carries out what <see cref="MigrationMonitor"/> orders while pages flow, and writes progress and decisions for people.</summary>
internal sealed partial class SourceMonitor(string uid, RecordKeeper record, SourcePostCopy postCopy, ILogger logger, TimeProvider time)
    : IDisposable
{
    private const int MostWrites = 5;
    private static readonly TimeSpan CommandDeadline = TimeSpan.FromSeconds(5);

    /// <summary>What the wait for notes comes to where answers are quick; a new version refuses a commit that does not wait.</summary>
    private static readonly TimeSpan LeastForNotes = TimeSpan.FromMilliseconds(20);

    /// <summary>More is not worth the guest's standing still.</summary>
    private static readonly TimeSpan MostForNotes = TimeSpan.FromMilliseconds(300);

    private CancellationTokenSource _notes = new();
    private bool _pauseTold = true;

    /// <summary>The samples.</summary>
    public SourceProgress Progress { get; } = new(record, time);

    /// <summary>Why the monitor has given the migration up; null while it has not.</summary>
    public string? GivenUp { get; private set; }

    /// <summary>What is being written beside the work; it never fails.</summary>
    public Task Noting { get; private set; } = Task.CompletedTask;

    /// <summary>Gives the migration up for a reason that no sample shows; the first reason stays.</summary>
    public void GiveUp(string reason) => GivenUp ??= reason;

    /// <summary>Looks at the last sample and does what follows; true when post-copy was ordered.</summary>
    public async Task<bool> ObserveAsync(QmpClient qmp, SourceFacts facts, MigrationState state, CancellationToken cancellationToken)
    {
        var memory = record.Vmi.Status?.Hardware?.MemoryBytes ?? 0;
        var notes = new List<JsonArray>();
        var ordered = false;
        if (Progress.Decide(state, memory) is { Action: not MonitorAction.None } verdict)
        {
            LogMonitor(logger, uid, verdict.Action, verdict.Reason);
            switch (verdict.Action)
            {
                case MonitorAction.HoldSwitch:
                    await qmp.SetMigrationParametersAsync(new MigrationParameters { MaxBandwidth = MonitorRules.HeldBandwidth }, cancellationToken);
                    break;
                case MonitorAction.ReleaseSwitch:
                    await ReleaseAsync(qmp, state, cancellationToken);
                    break;
                case MonitorAction.RaiseDowntimeLimit:
                    await qmp.SetMigrationParametersAsync(
                        new MigrationParameters { DowntimeLimit = verdict.State.DowntimeLimitMs }, cancellationToken);
                    break;
                case MonitorAction.PauseGuest:
                    await qmp.StopAsync(cancellationToken, CommandDeadline);
                    _pauseTold = false;
                    break;
                case MonitorAction.StartPostCopy:
                    ordered = await postCopy.OrderAsync(qmp, cancellationToken);
                    break;
                case MonitorAction.Cancel:
                    GivenUp = verdict.Reason;
                    break;
            }

            record.Record.Event(record.Vmi, EventReasons.Normal, EventReasons.MigrationDecision, $"{verdict.Action}: {verdict.Reason}");
            notes.Insert(0, RecordPatches.Decision(state, verdict.Action.ToString(), verdict.Reason, time.GetUtcNow()));
        }

        Note(state, facts.Owner, notes, cancellationToken);
        return ordered;
    }

    /// <summary>
    /// Gives QEMU its bandwidth. Also for a migration that is found under way: an agent that was here before may have held it back.
    /// </summary>
    public Task ReleaseAsync(QmpClient qmp, MigrationState state, CancellationToken cancellationToken) => qmp.SetMigrationParametersAsync(
        new MigrationParameters { MaxBandwidth = Progress.RulesFor(state, record.Vmi.Status?.Hardware?.MemoryBytes ?? 0).QemuBandwidth }, cancellationToken);

    /// <summary>Writes the progress when it is due, and the notes.</summary>
    public void Note(MigrationState state, Owner owner, List<JsonArray> notes, CancellationToken cancellationToken)
    {
        if (Noting.IsCompleted && Progress.Due(state, owner == Owner.Target ? state.TargetPodUID : state.SourcePodUID) is { } progress)
        {
            notes.Add(progress);
        }

        if (notes.Count > 0)
        {
            Noting = NoteAsync(Noting, notes, cancellationToken);
        }
    }

    /// <summary>Writes the last figures; no sample comes after them, for it would say less than all.</summary>
    public void NoteLast(JsonArray figures, CancellationToken cancellationToken) => Noting = NoteAsync(Noting, [figures], cancellationToken);

    /// <summary>
    /// Waits for the notes under way (progress, decisions, the pause, forwarding) for as long as the slowest of the last answers took: the
    /// guest stands still meanwhile, and must not do so for what is only for people. What is not written by then is given up.
    /// </summary>
    public async Task EndNotesAsync(CancellationToken cancellationToken)
    {
        var patience = TimeSpan.FromTicks(Math.Clamp(record.AnswerTime.Ticks, LeastForNotes.Ticks, MostForNotes.Ticks));
        try
        {
            await Noting.WaitAsync(patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            await _notes.CancelAsync();
            await Noting;
            _notes.Dispose();
            _notes = new CancellationTokenSource();
        }
    }

    public void Dispose() => _notes.Dispose();

    /// <summary>
    /// Writes what is only for people, beside the work: the guest may be stopped at any moment, and must not stand still until
    /// a line about progress is on disk.
    /// </summary>
    private async Task NoteAsync(Task earlier, List<JsonArray> notes, CancellationToken cancellationToken)
    {
        using var wanted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _notes.Token);
        try
        {
            await earlier;
            foreach (var note in notes)
            {
                if (!await record.WriteAsync(note, wanted.Token))
                {
                    LogNotNoted(logger, uid, record.Refusal ?? "what it rests on has changed");
                }
            }

            await TellPauseAsync(wanted.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotNoted(logger, uid, "the server was slow to take it, and the guest stood still for its hand-over");
        }
        catch (Exception e)
        {
            LogNotNoted(logger, uid, e.Message);
        }
    }

    /// <summary>Built anew for each try: it rests on the newest version of the record.</summary>
    private async Task TellPauseAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; !_pauseTold && i < MostWrites; i++)
        {
            _pauseTold = RecordPatches.PausedByMonitor(record.Vmi, uid, time.GetUtcNow()) is not { } pause
                || await record.WriteAsync(pause, cancellationToken);
        }
    }

    [LoggerMessage(303, LogLevel.Information, "Migration {Uid} source: monitor orders {Action}: {Reason}")]
    private static partial void LogMonitor(ILogger logger, string uid, MonitorAction action, string reason);

    [LoggerMessage(309, LogLevel.Information, "Migration {Uid} source: a note on the record could not be written: {Error}")]
    private static partial void LogNotNoted(ILogger logger, string uid, string error);
}
