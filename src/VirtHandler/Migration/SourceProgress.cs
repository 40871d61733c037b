using System.Text.Json.Nodes;
using Godwit.Qemu;
using Godwit.Types;

namespace Godwit.VirtHandler.Migration;

/// <summary>The source's samples: feeds the monitor and tells the progress for the record, at most once a second.</summary>
internal sealed class SourceProgress(RecordKeeper record, TimeProvider time)
{
    private static readonly TimeSpan WritePeriod = TimeSpan.FromSeconds(1);

    private readonly long _created = time.GetTimestamp();
    private readonly TransferRate _rate = new();
    private MonitorState _state = new();
    private MonitorSample? _sample;
    private long _written;
    private TimeSpan? _before;
    private long _from = time.GetTimestamp();

    public MonitorRules RulesFor(MigrationState state, long memoryBytes) =>
        MonitorRules.From(state.MigrationConfiguration, memoryBytes, _sample?.DiskTotal ?? 0) is var rules
        && state.PostCopyReady == true
            ? rules
            : rules with { AllowPostCopy = false };

    public void Take(MigrationStatus migration, IReadOnlyCollection<JobInfo> jobs, SourcePhase phase)
    {
        var ours = phase is not (SourcePhase.Idle or SourcePhase.EarlierUnderWay or SourcePhase.EarlierCompleted) ? migration.Ram : null;
        // Mirrors that have ended are no jobs any more, but what they sent was sent.
        var ended = jobs.Count == 0 ? _sample?.DiskTotal ?? 0 : 0;
        var diskTotal = ended + jobs.Sum(j => j.TotalProgress);
        var diskDone = ended + jobs.Sum(j => j.CurrentProgress);
        var transferred = (ours?.Transferred ?? 0) + diskDone;
        var measured = _rate.Take(time.GetElapsedTime(_created), transferred);
        _sample = new MonitorSample
        {
            Elapsed = Elapsed(),
            RamTotal = ours?.Total ?? 0,
            RamRemaining = ours?.Remaining ?? 0,
            Transferred = transferred,
            DiskTotal = diskTotal,
            DiskRemaining = diskTotal - diskDone,
            RateBytesPerSecond = measured ?? (long)((ours?.Mbps ?? 0) * 1_000_000 / 8),
            DirtyRateBytesPerSecond = (ours?.DirtyPagesRate ?? 0) * (ours?.PageSize ?? 4096),
            Pass = ours?.DirtySyncCount ?? 0,
            MemoryFlows = phase == SourcePhase.Active,
            SinceAnswer = record.SinceAnswer,
            ThrottlePercent = migration.CpuThrottlePercentage,
            PostCopy = phase is SourcePhase.Switching or SourcePhase.PostCopy or SourcePhase.PostCopyPaused or SourcePhase.PostCopyRecovering,
        };
    }

    public MonitorVerdict? Decide(MigrationState state, long memoryBytes)
    {
        if (_sample is null)
        {
            return null;
        }

        var verdict = MigrationMonitor.Decide(RulesFor(state, memoryBytes), _state, WithMemory(memoryBytes));
        _state = verdict.State;
        return verdict;
    }

    /// <summary>The monitor has stopped the guest, or tried to, so that the migration comes to its end.</summary>
    public bool HasStoppedGuest => _state.Disrupted;

    /// <summary>The switch may come at any moment.</summary>
    public bool IsNearSwitch => _sample is { } sample && MigrationMonitor.IsNearSwitch(sample);

    /// <summary>Bytes that have gone over so far.</summary>
    public long Transferred => _sample?.Transferred ?? 0;

    /// <summary>What is to be written now; null while the last writing is too fresh.</summary>
    public JsonArray? Due(MigrationState state, string? owner)
    {
        if (_sample is null || (_written != 0 && time.GetElapsedTime(_written) < WritePeriod))
        {
            return null;
        }

        _written = time.GetTimestamp();
        var sample = WithMemory(record.Vmi.Status?.Hardware?.MemoryBytes ?? 0);
        return RecordPatches.Progress(state, owner, sample, MigrationMonitor.Report(_state, sample), time.GetUtcNow());
    }

    /// <summary>The last sample as the record is to keep it; null where there was none.</summary>
    public JsonObject? Last() => _sample is { } sample
        ? RecordPatches.Transfer(sample, MigrationMonitor.Report(_state, sample), time.GetUtcNow())
        : null;

    // While disks are copied the memory has not begun: all of it is still to go.
    private MonitorSample WithMemory(long memoryBytes) =>
        _sample!.RamTotal == 0 ? _sample with { RamTotal = memoryBytes, RamRemaining = memoryBytes } : _sample;

    /// <summary>
    /// From the record's start, so that a restart of the agent gives no extra time; the clock is asked once, for it may be stepped
    /// while memory flows, and that must end no migration.
    /// </summary>
    private TimeSpan Elapsed()
    {
        if (_before is null && record.Vmi.Migration()?.StartTimestamp is { } started)
        {
            _before = time.GetUtcNow() - started is var since && since > TimeSpan.Zero ? since : TimeSpan.Zero;
            _from = time.GetTimestamp();
        }

        return (_before ?? TimeSpan.Zero) + time.GetElapsedTime(_from);
    }
}
