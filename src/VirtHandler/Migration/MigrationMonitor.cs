namespace Godwit.VirtHandler.Migration;

/// <summary>
/// Watches a migration while pages flow: samples in, orders out. The order of the rules is KubeVirt's: first the disruption
/// that the user allows, then no progress, then too long.
/// </summary>
public static class MigrationMonitor
{
    private const int RememberedRates = 8;

    /// <summary>Passes after which a guest that still dirties memory faster than the limit allows gets a longer pause.</summary>
    private const int PassesBeforeRaise = 2;

    /// <summary>An upper end of the time left that is so many times the lower says nothing, and is left open.</summary>
    private const int WidestRange = 100;

    /// <summary>Progress is written each second, and near the switch the server is asked several times a second.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    public static MonitorVerdict Decide(MonitorRules rules, MonitorState state, MonitorSample sample)
    {
        if (sample.PostCopy)
        {
            return new(state, MonitorAction.None, "");
        }

        var progressed = state.LastRemaining is not { } last || sample.Remaining < last;
        state = state with
        {
            LastRemaining = sample.Remaining,
            LastProgress = progressed ? sample.Elapsed : state.LastProgress,
            Rates = sample.RateBytesPerSecond > 0 ? [.. state.Rates.TakeLast(RememberedRates - 1), sample.RateBytesPerSecond] : state.Rates,
        };
        var acceptable = rules.AllowWorkloadDisruption ? rules.AcceptableCompletion * 2 : rules.AcceptableCompletion;
        var late = rules.AcceptableCompletion > TimeSpan.Zero && sample.Elapsed > acceptable;
        var silent = sample.SinceAnswer > Silence;
        if (!silent && Disrupt(rules, state, sample) is { } disruption)
        {
            return disruption;
        }

        if (rules.ProgressTimeout > TimeSpan.Zero && sample.Elapsed - state.LastProgress > rules.ProgressTimeout)
        {
            return new(
                state,
                MonitorAction.Cancel,
                $"Live migration stuck for {Seconds(sample.Elapsed - state.LastProgress)} sec and has been aborted");
        }

        if (late)
        {
            return new(
                state,
                MonitorAction.Cancel,
                $"Live migration is not completed after {Seconds(sample.Elapsed)} sec and has been aborted");
        }

        if (silent != state.Held && sample.MemoryFlows)
        {
            return Hold(state, sample);
        }

        return state.Held ? new(state, MonitorAction.None, "") : Downtime(rules, state, sample);
    }

    /// <summary>Whether the switch is close enough for the server to be asked several times a second.</summary>
    public static bool IsNearSwitch(MonitorSample sample) =>
        sample.MemoryFlows && (sample.Pass > 1 || sample.Remaining < 2 * sample.RateBytesPerSecond);

    /// <summary>The progress as the API shows it. Only the time left is an estimate, and it is a range.</summary>
    public static ProgressReport Report(MonitorState state, MonitorSample sample)
    {
        var total = sample.RamTotal + sample.DiskTotal;
        // 100 is for migrations that have ended: the last percent is the hand-over's.
        var percent = total > 0 ? (int)Math.Clamp((total - sample.Remaining) * 100 / total, 0, 99) : 0;
        double? least = null;
        double? most = null;
        if (state.Rates.Count > 0)
        {
            least = (double)sample.Remaining / state.Rates.Max();
            var slowest = state.Rates.Min() - sample.DirtyRateBytesPerSecond;
            most = slowest > 0 && (double)sample.Remaining / slowest is var latest && latest <= least * WidestRange ? latest : null;
        }

        return new ProgressReport(percent, least, most);
    }

    /// <summary>
    /// What the user allows when the migration has taken longer than is acceptable. Post-copy over a link that moves nothing would
    /// leave the guest in two halves, so it waits until the link is alive.
    /// </summary>
    private static MonitorVerdict? Disrupt(MonitorRules rules, MonitorState state, MonitorSample sample)
    {
        if (!rules.AllowWorkloadDisruption || state.Disrupted || !sample.MemoryFlows
            || rules.AcceptableCompletion <= TimeSpan.Zero || sample.Elapsed <= rules.AcceptableCompletion)
        {
            return null;
        }

        var why = $"not completed after {Seconds(sample.Elapsed)} s (acceptable: {Seconds(rules.AcceptableCompletion)} s) and the workload may be disrupted";
        if (!rules.AllowPostCopy)
        {
            return new(state with { Disrupted = true }, MonitorAction.PauseGuest, why);
        }

        return sample.RateBytesPerSecond > 0
            ? new(state with { Disrupted = true }, MonitorAction.StartPostCopy, $"{why}: the guest goes on at the target and fetches the rest")
            : null;
    }

    /// <summary>
    /// Begins with a short pause and allows a longer one only when passes go by without an end: a guest that hardly writes
    /// then never pays for the limit that a busy one needs.
    /// </summary>
    private static MonitorVerdict Downtime(MonitorRules rules, MonitorState state, MonitorSample sample)
    {
        var limit = state.DowntimeLimitMs == 0 ? rules.InitialDowntimeLimitMs : state.DowntimeLimitMs;
        state = state with { DowntimeLimitMs = limit };
        if (limit >= rules.HighestDowntimeLimitMs || sample.Pass < state.RaisedAtPass + PassesBeforeRaise + 1)
        {
            return new(state, MonitorAction.None, "");
        }

        var next = Math.Min(limit * 2, rules.HighestDowntimeLimitMs);
        return new(
            state with { DowntimeLimitMs = next, RaisedAtPass = sample.Pass },
            MonitorAction.RaiseDowntimeLimit,
            $"pass {sample.Pass} and {sample.Remaining >> 20} MiB left: QEMU may pause the guest for {next} ms (was {limit})");
    }

    /// <summary>A guest that were stopped now could not be handed over. What was copied stays copied.</summary>
    private static MonitorVerdict Hold(MonitorState state, MonitorSample sample) => state.Held
        ? new(
            state with { Held = false },
            MonitorAction.ReleaseSwitch,
            "the API server answers again")
        : new(
            state with { Held = true },
            MonitorAction.HoldSwitch,
            $"the API server has not answered for {Seconds(sample.SinceAnswer)} s, so the guest is not stopped before it does");

    private static long Seconds(TimeSpan time) => (long)time.TotalSeconds;
}
