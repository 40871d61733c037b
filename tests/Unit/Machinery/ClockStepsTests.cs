using Godwit.Machinery;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class ClockStepsTests
{
    [Fact]
    public void A_step_is_noticed_once_in_either_direction_and_time_that_passes_is_none()
    {
        var clock = new SteppedClock(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        var steps = new ClockSteps(clock);

        clock.Advance(TimeSpan.FromDays(3));
        steps.Look().ShouldBeNull();

        clock.Advance(TimeSpan.FromSeconds(2));
        clock.Step = TimeSpan.FromSeconds(-504);
        steps.Look().ShouldBe(TimeSpan.FromSeconds(-504));
        steps.Look().ShouldBeNull();

        clock.Step = TimeSpan.Zero;
        steps.Look().ShouldBe(TimeSpan.FromSeconds(504));

        clock.Step += TimeSpan.FromMilliseconds(900);
        steps.Look().ShouldBeNull();
    }

    [Fact]
    public async Task A_wait_ends_with_the_step_that_is_noticed_or_when_its_time_has_passed()
    {
        var clock = new SteppedClock(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        var steps = new ClockSteps(clock);
        var stepped = steps.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        clock.Step = TimeSpan.FromHours(-1);
        await PassAsync(clock, stepped);
        (await stepped).ShouldBe(TimeSpan.FromHours(-1));

        var undisturbed = steps.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        (await PassAsync(clock, undisturbed)).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(30));
        (await undisturbed).ShouldBeNull();
    }

    private static async Task<TimeSpan> PassAsync(FakeTimeProvider clock, Task wait)
    {
        var began = clock.GetTimestamp();
        while (!wait.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        return clock.GetElapsedTime(began);
    }
}
