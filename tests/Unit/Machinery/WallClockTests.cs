using CsCheck;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class WallClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 22, 10, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);
    private readonly SteppedClock _clock = new(Start);
    private readonly WallClock _wall;

    public WallClockTests() => _wall = new(_clock);

    [Fact]
    public void Without_a_step_it_is_the_difference()
    {
        _clock.Advance(TimeSpan.FromSeconds(10));
        var now = _wall.Read();
        now.Now.ShouldBe(Start.AddSeconds(10));
        now.Since(Start).ShouldBe(TimeSpan.FromSeconds(10));
        now.Since(Start.AddHours(-1)).ShouldBe(TimeSpan.FromSeconds(3610));
        now.Since(Start.AddHours(1)).ShouldBe(TimeSpan.FromSeconds(-3590));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void What_was_said_before_during_and_after_a_step_is_as_long_ago_as_has_passed(int sign)
    {
        var before = Said(10);
        _clock.Step = sign * Year;
        var during = Said(10);
        Ages(before, during).ShouldBe([20, 10]);
        _clock.Step = TimeSpan.Zero;
        var after = Said(10);
        Ages(before, during, after).ShouldBe([30, 20, 10]);
    }

    [Fact]
    public void A_short_way_back_may_say_the_same_time_twice_and_the_later_one_counts()
    {
        var early = Said(10);
        var twice = Said(30);
        var last = Said(10);
        _clock.Step = TimeSpan.FromSeconds(-25);
        Said(10);
        Ages(early, twice, last).ShouldBe([60, 50, 20]);
        Said(30);
        Ages(last).ShouldBe([25], "it has said that again since");
    }

    [Fact]
    public void Another_machines_time_is_right_while_this_clock_is_wrong_and_afterwards()
    {
        Said(10);
        _clock.Step = Year;
        Said(4);
        var theirs = Start.AddSeconds(14);
        _clock.Advance(TimeSpan.FromSeconds(6));
        Ages(theirs).ShouldBe([10], "the era has lasted for as long");
        _clock.Step = TimeSpan.Zero;
        Said(10);
        Ages(theirs).ShouldBe([16]);
    }

    [Fact]
    public void What_others_said_while_this_machine_stood_still_is_at_least_as_old_as_its_waking()
    {
        Said(10);
        _clock.Step = TimeSpan.FromHours(1);
        Said(5);
        Ages(Start.AddMinutes(30)).ShouldBe([5]);
    }

    [Fact]
    public void A_time_to_come_is_still_to_come()
    {
        Said(10);
        _clock.Step = Year;
        _wall.Read().Since(Start + Year + Year).ShouldBeLessThan(TimeSpan.Zero);
    }

    [Fact]
    public void A_clock_that_is_corrected_in_small_steps_is_followed()
    {
        for (var i = 0; i < 100; i++)
        {
            _clock.Step += TimeSpan.FromMilliseconds(400);
            Said(1);
        }

        _wall.Read().Eras.Count.ShouldBeLessThanOrEqualTo(16);
        Ages(Start.AddHours(-1)).Single().ShouldBeInRange(3600, 3750);
    }

    [Fact]
    public void Whatever_its_steps_what_it_said_is_no_older_than_has_passed_and_never_of_the_future() =>
        Gen.Select(Gen.Int[-250, 250].Select(static half => half * 2), Gen.Int[0, 300]).Array[1, 12].Sample(steps =>
        {
            var clock = new SteppedClock(Start);
            var wall = new WallClock(clock);
            var said = new List<(DateTimeOffset Time, long Passed)>();
            foreach (var (step, length) in steps)
            {
                clock.Step += TimeSpan.FromSeconds(step);
                said.Add((wall.Read().Now, clock.GetTimestamp()));
                clock.Advance(TimeSpan.FromSeconds(length));
                var now = wall.Read();
                foreach (var (time, at) in said)
                {
                    now.Since(time).ShouldBeInRange(TimeSpan.Zero, clock.GetElapsedTime(at));
                }
            }
        });

    private DateTimeOffset Said(int seconds)
    {
        var now = _wall.Read().Now;
        _clock.Advance(TimeSpan.FromSeconds(seconds));
        return now;
    }

    private double[] Ages(params DateTimeOffset[] times)
    {
        var now = _wall.Read();
        return [.. times.Select(time => now.Since(time).TotalSeconds)];
    }
}
