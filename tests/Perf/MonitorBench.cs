using System.Diagnostics;
using Godwit.Types;
using Godwit.VirtHandler.Migration;

namespace Godwit.Perf;

/// <summary>What one tick of the migration monitor costs: its decision, with all that it can remember and every rule on.</summary>
internal static class MonitorBench
{
    private const int Calls = 1_000_000;
    private const int Rounds = 3;
    private const double AimUs = 1000;

    public static void Run(Report report)
    {
        for (var i = 0; i < Rounds; i++)
        {
            RunRound(report);
        }

        report.Note($"monitor tick: {Rounds} rounds of {Calls} calls; the worst by the clock holds whatever else the machine did in that moment");
    }

    private static void RunRound(Report report)
    {
        var rules = MonitorRules.From(
            new MigrationConfiguration { AllowWorkloadDisruption = true, CompletionTimeoutPerGiB = 1_000_000, ProgressTimeout = 1_000_000, MaxDowntimeMs = 900 },
            64L << 30,
            256L << 30);
        var state = new MonitorState();
        var orders = 0;
        var (sum, worst, worstWork) = (0L, 0L, 0L);
        for (var i = 0; i < Calls + 1000; i++)
        {
            var sample = new MonitorSample
            {
                Elapsed = TimeSpan.FromMilliseconds(400L * i),
                RamTotal = 64L << 30,
                RamRemaining = (64L << 30) - (i % 1000),
                DiskTotal = 256L << 30,
                DiskRemaining = 1 << 20,
                RateBytesPerSecond = 1_000_000_000 + (i % 7),
                DirtyRateBytesPerSecond = 500_000_000,
                Pass = i,
                MemoryFlows = true,
            };
            var worked = ThreadClock.Nanoseconds();
            var began = Stopwatch.GetTimestamp();
            var verdict = MigrationMonitor.Decide(rules, state, sample);
            _ = MigrationMonitor.Report(verdict.State, sample);
            var took = Stopwatch.GetTimestamp() - began;
            worked = ThreadClock.Nanoseconds() - worked;
            orders += verdict.Action == MonitorAction.None ? 0 : 1;
            // The downtime limit is let fall again now and then, so that the rule which raises it has work to the end.
            state = i % 100 == 0 ? verdict.State with { DowntimeLimitMs = 0, RaisedAtPass = i } : verdict.State;
            if (i >= 1000)
            {
                sum += took;
                worst = Math.Max(worst, took);
                worstWork = Math.Max(worstWork, worked);
            }
        }

        report.Add("monitor tick: decision and report, mean", "us", Microseconds(sum) / Calls, AimUs);
        report.Add("monitor tick: decision and report, worst", "us", Microseconds(worst), AimUs);
        report.Add("monitor tick: decision and report, worst, of the thread's own time", "us", worstWork / 1000.0, AimUs);
        report.Add("monitor tick: of a million calls, with an order", "calls", orders);
    }

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;
}
