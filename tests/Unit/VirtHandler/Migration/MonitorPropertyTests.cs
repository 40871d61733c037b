using CsCheck;
using Godwit.Types;
using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

/// <summary>What holds for the monitor whatever the settings are and whatever QEMU tells.</summary>
public sealed class MonitorPropertyTests
{
    private static readonly Gen<MonitorSample[]> Samples =
        Gen.Select(Gen.Int[1, 18], Gen.Long[0, 6], Gen.Bool, Gen.Long[0, 2], Gen.Int[0, 2], Gen.Frequency((15, Gen.Const(false)), (1, Gen.Const(true))))
            .Array[1, 40]
            .Select(steps =>
            {
                var (elapsed, pass) = (TimeSpan.Zero, 0L);
                return steps.Select(step => new MonitorSample
                {
                    Elapsed = elapsed += TimeSpan.FromMilliseconds(500 * step.Item1),
                    RamTotal = 10,
                    RamRemaining = step.Item2,
                    MemoryFlows = step.Item3,
                    RateBytesPerSecond = step.Item4,
                    Pass = pass += step.Item5,
                    PostCopy = step.Item6,
                }).ToArray();
            });

    private static readonly Gen<MigrationConfiguration> Settings =
        Gen.Select(Gen.Long[0, 12], Gen.Long[0, 12], Gen.Bool, Gen.Bool.Nullable(), Gen.Long[1, 10_000])
            .Select((progress, completion, postCopy, disruption, downtime) => new MigrationConfiguration
            {
                ProgressTimeout = progress,
                CompletionTimeoutPerGiB = completion,
                AllowPostCopy = postCopy,
                AllowWorkloadDisruption = disruption,
                MaxDowntimeMs = downtime,
            });

    private static readonly Gen<long> Bytes = Gen.Long[1, 6_000_000_000];

    [Fact]
    public void A_migration_is_stuck_exactly_when_no_sample_was_below_the_one_before_it_for_longer_than_the_limit() =>
        Gen.Select(Settings, Samples).Sample((settings, samples) =>
        {
            var told = Run(MonitorRules.From(settings with { CompletionTimeoutPerGiB = 0 }, 1, 0), [.. samples.Where(sample => !sample.PostCopy)]);
            var progress = TimeSpan.Zero;
            for (var i = 0; i < told.Count; i++)
            {
                var (sample, verdict) = told[i];
                progress = i == 0 || sample.Remaining < told[i - 1].Sample.Remaining ? sample.Elapsed : progress;
                var still = sample.Elapsed - progress;
                var stuck = settings.ProgressTimeout > 0 && still > TimeSpan.FromSeconds(settings.ProgressTimeout!.Value);
                (verdict.Action == MonitorAction.Cancel).ShouldBe(stuck);
                verdict.Reason.StartsWith($"Live migration stuck for {(long)still.TotalSeconds} sec", StringComparison.Ordinal).ShouldBe(stuck);
            }
        });

    [Fact]
    public void A_migration_takes_too_long_exactly_beyond_its_time_for_each_gigabyte_and_beyond_twice_that_where_disruption_is_allowed() =>
        Gen.Select(Settings, Samples, Bytes, Bytes).Sample((settings, samples, memory, disks) =>
        {
            var told = Run(MonitorRules.From(settings with { ProgressTimeout = 0 }, memory, disks), [.. samples.Where(sample => !sample.PostCopy)]);
            var gigabytes = decimal.Ceiling((memory + disks) / 1_000_000_000m);
            var disruption = settings.AllowWorkloadDisruption ?? settings.AllowPostCopy!.Value;
            var limit = TimeSpan.FromSeconds((double)(settings.CompletionTimeoutPerGiB!.Value * gigabytes * (disruption ? 2 : 1)));
            foreach (var (sample, verdict) in told)
            {
                if (verdict.Action is not (MonitorAction.PauseGuest or MonitorAction.StartPostCopy))
                {
                    (verdict.Action == MonitorAction.Cancel).ShouldBe(limit > TimeSpan.Zero && sample.Elapsed > limit);
                }
            }
        });

    [Fact]
    public void The_guest_is_disrupted_once_and_only_late_while_memory_flows_and_before_any_time_out_counts() =>
        Gen.Select(Settings, Samples).Sample((settings, samples) =>
        {
            var told = Run(MonitorRules.From(settings, 1, 0), [.. samples.Where(sample => !sample.PostCopy)]);
            var acceptable = TimeSpan.FromSeconds(settings.CompletionTimeoutPerGiB!.Value);
            var disruption = settings.AllowWorkloadDisruption ?? settings.AllowPostCopy!.Value;
            var disrupted = false;
            foreach (var (sample, verdict) in told)
            {
                var due = disruption && !disrupted && sample.MemoryFlows && acceptable > TimeSpan.Zero && sample.Elapsed > acceptable
                    && (settings.AllowPostCopy != true || sample.RateBytesPerSecond > 0);
                disrupted |= due;
                (verdict.Action == MonitorAction.StartPostCopy).ShouldBe(due && settings.AllowPostCopy == true);
                (verdict.Action == MonitorAction.PauseGuest).ShouldBe(due && settings.AllowPostCopy != true);
            }
        });

    [Fact]
    public void Stuck_is_told_before_too_long() =>
        Gen.Select(Settings, Samples).Sample((settings, samples) =>
        {
            MonitorSample[] flat = [.. samples.Select(sample => sample with { RamRemaining = 1, MemoryFlows = false, PostCopy = false })];
            foreach (var (sample, verdict) in Run(MonitorRules.From(settings, 1, 0), flat))
            {
                if (settings.ProgressTimeout > 0 && sample.Elapsed - flat[0].Elapsed > TimeSpan.FromSeconds(settings.ProgressTimeout!.Value))
                {
                    verdict.Reason.ShouldStartWith("Live migration stuck");
                }
            }
        });

    [Fact]
    public void In_post_copy_the_monitor_orders_nothing_and_remembers_nothing() =>
        Gen.Select(Settings, Samples).Sample((settings, samples) =>
        {
            var rules = MonitorRules.From(settings, 1, 0);
            var state = new MonitorState();
            foreach (var sample in samples)
            {
                var verdict = MigrationMonitor.Decide(rules, state, sample);
                if (sample.PostCopy)
                {
                    (verdict.Action, ReferenceEquals(verdict.State, state)).ShouldBe((MonitorAction.None, true));
                }

                state = verdict.State;
            }
        });

    [Fact]
    public void The_downtime_limit_only_rises_step_by_step_and_to_a_third_of_what_is_allowed() =>
        Gen.Select(Settings, Samples).Sample((settings, samples) =>
        {
            var rules = MonitorRules.From(settings with { ProgressTimeout = 0, CompletionTimeoutPerGiB = 0 }, 1, 0);
            // Below 20 ms no stream gets its last pages through.
            var highest = Math.Max(20, settings.MaxDowntimeMs!.Value / 3);
            rules.InitialDowntimeLimitMs.ShouldBe(20);
            var (limit, raisedAt) = (20L, 0L);
            foreach (var (sample, verdict) in Run(rules, samples))
            {
                if (verdict.Action == MonitorAction.RaiseDowntimeLimit)
                {
                    verdict.State.DowntimeLimitMs.ShouldBe(Math.Min(limit * 2, highest));
                    verdict.State.DowntimeLimitMs.ShouldBeGreaterThan(limit);
                    sample.Pass.ShouldBeGreaterThanOrEqualTo(raisedAt + 3);
                    (limit, raisedAt) = (verdict.State.DowntimeLimitMs, sample.Pass);
                }
                else if (!sample.PostCopy)
                {
                    verdict.State.DowntimeLimitMs.ShouldBe(limit);
                    (limit == highest || sample.Pass < raisedAt + 3).ShouldBeTrue();
                }
            }
        });

    [Fact]
    public void Bandwidth_is_the_nearest_whole_number_of_mebibytes_and_never_none_where_some_was_meant() =>
        Gen.OneOf(Gen.Long[0, 1L << 40], Gen.Long[0, long.MaxValue], Gen.Long[0, 3L << 20]).Sample(bytes =>
        {
            const long Mebi = 1 << 20;
            var told = MonitorRules.From(new MigrationConfiguration { BandwidthPerMigration = $"{bytes}" }, 1, 0).Bandwidth;
            (told % Mebi).ShouldBe(0);
            told.ShouldBeGreaterThanOrEqualTo(bytes == 0 ? 0 : Mebi);
            if (bytes == 0 || bytes >= Mebi)
            {
                Int128.Abs((Int128)told - bytes).ShouldBeLessThanOrEqualTo(bytes > long.MaxValue - Mebi ? Mebi : Mebi / 2);
            }
            else
            {
                told.ShouldBe(Mebi);
            }
        });

    [Fact]
    public void No_limit_is_too_large_to_be_kept() =>
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue], Gen.Long[1, long.MaxValue / 2], Gen.Bool).Sample((progress, completion, bytes, disruption) =>
        {
            var settings = new MigrationConfiguration { ProgressTimeout = progress, CompletionTimeoutPerGiB = completion, AllowWorkloadDisruption = disruption };
            var rules = MonitorRules.From(settings, bytes, bytes / 2);
            (rules.ProgressTimeout > TimeSpan.Zero, rules.AcceptableCompletion > TimeSpan.Zero).ShouldBe((progress > 0, completion > 0));
            MigrationMonitor.Decide(rules, new MonitorState(), new MonitorSample { Elapsed = TimeSpan.FromMilliseconds(1) }).Action.ShouldBe(MonitorAction.None);
        });

    /// <summary>Each sample with what the monitor makes of it.</summary>
    private static List<(MonitorSample Sample, MonitorVerdict Verdict)> Run(MonitorRules rules, IReadOnlyList<MonitorSample> samples)
    {
        var state = new MonitorState();
        var told = new List<(MonitorSample, MonitorVerdict)>();
        foreach (var sample in samples)
        {
            var verdict = MigrationMonitor.Decide(rules, state, sample);
            state = verdict.State;
            told.Add((sample, verdict));
        }

        return told;
    }
}
