using Godwit.Types;
using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

public sealed class MigrationMonitorTests
{
    private const long Gi = 1L << 30;
    private static readonly MonitorRules Rules = MonitorRules.From(new MigrationConfiguration(), Gi, 0);

    [Fact]
    public void The_acceptable_time_counts_decimal_gigabytes_rounded_up() =>
        Rules.AcceptableCompletion.ShouldBe(TimeSpan.FromSeconds(300));

    [Fact]
    public void Progress_restarts_the_progress_timer()
    {
        var state = new MonitorState();
        for (var second = 0; second < 290; second += 10)
        {
            var verdict = MigrationMonitor.Decide(Rules, state, Sample(second, Gi - second));
            verdict.Action.ShouldNotBe(MonitorAction.Cancel);
            state = verdict.State;
        }
    }

    [Fact]
    public void A_migration_without_progress_is_cancelled()
    {
        var state = MigrationMonitor.Decide(Rules, new MonitorState(), Sample(1, Gi)).State;
        state = MigrationMonitor.Decide(Rules, state, Sample(150, Gi)).State;

        var verdict = MigrationMonitor.Decide(Rules, state, Sample(152, Gi));

        verdict.Action.ShouldBe(MonitorAction.Cancel);
        verdict.Reason.ShouldBe("Live migration stuck for 151 sec and has been aborted");
    }

    [Fact]
    public void A_migration_that_takes_too_long_is_cancelled()
    {
        var verdict = MigrationMonitor.Decide(Rules, new MonitorState(), Sample(301, 100));

        verdict.Action.ShouldBe(MonitorAction.Cancel);
        verdict.Reason.ShouldBe("Live migration is not completed after 301 sec and has been aborted");
    }

    [Fact]
    public void Where_disruption_is_allowed_the_guest_is_paused_first_and_cancelled_after_twice_the_time()
    {
        var rules = MonitorRules.From(new MigrationConfiguration { AllowWorkloadDisruption = true }, Gi, 0);
        var paused = MigrationMonitor.Decide(rules, new MonitorState(), Sample(301, 1000));
        paused.Action.ShouldBe(MonitorAction.PauseGuest);
        MigrationMonitor.Decide(rules, paused.State, Sample(302, 900)).Action.ShouldNotBe(MonitorAction.Cancel);
        MigrationMonitor.Decide(rules, paused.State, Sample(601, 800)).Action.ShouldBe(MonitorAction.Cancel);
    }

    [Fact]
    public void Where_post_copy_is_allowed_the_guest_goes_on_at_the_target_and_is_ordered_there_only_once()
    {
        var ordered = MigrationMonitor.Decide(PostCopy, new MonitorState(), Sample(301, 1000) with { RateBytesPerSecond = 5 });
        ordered.Action.ShouldBe(MonitorAction.StartPostCopy);
        MigrationMonitor.Decide(PostCopy, ordered.State, Sample(302, 900) with { RateBytesPerSecond = 5 }).Action.ShouldBe(MonitorAction.None);
    }

    [Fact]
    public void Post_copy_is_not_begun_over_a_link_that_moves_nothing_and_the_migration_ends_after_twice_the_time()
    {
        var state = MigrationMonitor.Decide(PostCopy, new MonitorState(), Sample(301, 1000));
        state.Action.ShouldBe(MonitorAction.None);
        MigrationMonitor.Decide(PostCopy, state.State, Sample(601, 900)).Action.ShouldBe(MonitorAction.Cancel);
    }

    [Fact]
    public void While_the_API_server_is_silent_QEMU_is_kept_from_switching_and_nothing_stops_the_guest()
    {
        var deaf = Sample(301, 1000) with { SinceAnswer = TimeSpan.FromSeconds(2.1), RateBytesPerSecond = 5, Pass = 9 };
        var held = MigrationMonitor.Decide(PostCopy, new MonitorState(), deaf);
        held.Action.ShouldBe(MonitorAction.HoldSwitch);
        held.Reason.ShouldBe("the API server has not answered for 2 s, so the guest is not stopped before it does");
        MigrationMonitor.Decide(PostCopy, held.State, deaf with { RamRemaining = 900 }).Action.ShouldBe(MonitorAction.None);

        var heard = deaf with { SinceAnswer = TimeSpan.Zero };
        MigrationMonitor.Decide(PostCopy, held.State, heard).Action.ShouldBe(MonitorAction.StartPostCopy);
        var released = MigrationMonitor.Decide(Rules, held.State, heard with { Elapsed = TimeSpan.FromSeconds(20) });
        released.Action.ShouldBe(MonitorAction.ReleaseSwitch);
        MigrationMonitor.Decide(Rules, released.State, heard with { Elapsed = TimeSpan.FromSeconds(21) }).Action.ShouldBe(MonitorAction.RaiseDowntimeLimit);
    }

    [Fact]
    public void A_migration_that_is_held_ends_at_its_time_outs_all_the_same() =>
        MigrationMonitor.Decide(Rules, new MonitorState { Held = true }, Sample(301, 100) with { SinceAnswer = TimeSpan.FromMinutes(4) })
            .Action.ShouldBe(MonitorAction.Cancel);

    [Theory]
    [InlineData(0, 1, 100, 40, false)]
    [InlineData(0, 1, 79, 40, true)]
    [InlineData(0, 2, 100, 40, true)]
    public void Near_the_switch_is_less_than_two_seconds_or_any_later_pass(int second, long pass, long remaining, long rate, bool near) =>
        MigrationMonitor.IsNearSwitch(Sample(second, remaining) with { Pass = pass, RateBytesPerSecond = rate }).ShouldBe(near);

    [Fact]
    public void While_disks_are_copied_neither_a_pause_nor_post_copy_is_ordered()
    {
        var sample = Sample(301, 1000) with { MemoryFlows = false, RateBytesPerSecond = 5 };
        MigrationMonitor.Decide(PostCopy, new MonitorState(), sample).Action.ShouldBe(MonitorAction.None);
        MigrationMonitor.Decide(PostCopy with { AllowPostCopy = false }, new MonitorState(), sample).Action.ShouldBe(MonitorAction.None);
    }

    [Fact]
    public void A_time_out_of_zero_is_no_time_out()
    {
        var rules = MonitorRules.From(new MigrationConfiguration { CompletionTimeoutPerGiB = 0, ProgressTimeout = 0 }, Gi, 0);
        var state = MigrationMonitor.Decide(rules, new MonitorState(), Sample(1, 5)).State;
        MigrationMonitor.Decide(rules, state, Sample(100_000, 5)).Action.ShouldNotBe(MonitorAction.Cancel);
    }

    [Fact]
    public void The_downtime_limit_begins_low_and_rises_to_a_third_of_what_is_allowed()
    {
        Rules.InitialDowntimeLimitMs.ShouldBe(20);
        var limits = new List<long>();
        var state = new MonitorState();
        for (var pass = 1; pass < 30; pass++)
        {
            var verdict = MigrationMonitor.Decide(Rules, state, Sample(pass, Gi - pass) with { Pass = pass });
            state = verdict.State;
            if (verdict.Action == MonitorAction.RaiseDowntimeLimit)
            {
                limits.Add(state.DowntimeLimitMs);
            }
        }

        limits.ShouldBe([40, 80, 160, 300]);
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData("0Mi", 0)]
    [InlineData("1", 1L << 20)]
    [InlineData("64Mi", 64L << 20)]
    [InlineData("1600Ki", 2L << 20)]
    public void Bandwidth_is_whole_mebibytes_and_zero_is_no_limit(string? quantity, long bytes) =>
        MonitorRules.From(new MigrationConfiguration { BandwidthPerMigration = quantity }, Gi, 0).Bandwidth.ShouldBe(bytes);

    [Fact]
    public void The_time_left_is_a_range_and_has_no_upper_end_when_the_guest_outruns_the_stream()
    {
        var sample = Sample(1, 1000) with { RamTotal = 4000, RateBytesPerSecond = 100, DirtyRateBytesPerSecond = 50 };
        var state = MigrationMonitor.Decide(Rules, new MonitorState(), sample).State;

        MigrationMonitor.Report(state, sample).ShouldBe(new ProgressReport(75, 10, 20));
        MigrationMonitor.Report(state, sample with { DirtyRateBytesPerSecond = 100 }).EtaMaxSeconds.ShouldBeNull();
    }

    [Fact]
    public void A_stream_that_has_hardly_begun_says_nothing_about_the_longest_that_it_may_take()
    {
        var slow = Sample(1, 100_000) with { RamTotal = 400_000, RateBytesPerSecond = 1 };
        var state = MigrationMonitor.Decide(Rules, new MonitorState(), slow).State;
        var fast = slow with { Elapsed = TimeSpan.FromSeconds(2), RateBytesPerSecond = 10_000 };
        state = MigrationMonitor.Decide(Rules, state, fast).State;

        MigrationMonitor.Report(state, fast).ShouldBe(new ProgressReport(75, 10, null));
    }

    [Fact]
    public void A_hundred_percent_is_for_migrations_that_have_ended() =>
        MigrationMonitor.Report(new MonitorState(), Sample(1, 0) with { RamTotal = 100 }).Percent.ShouldBe(99);

    private static MonitorRules PostCopy => MonitorRules.From(new MigrationConfiguration { AllowPostCopy = true }, Gi, 0);

    private static MonitorSample Sample(double seconds, long remaining) =>
        new() { Elapsed = TimeSpan.FromSeconds(seconds), RamTotal = Gi, RamRemaining = remaining, Pass = 1, MemoryFlows = true };
}
