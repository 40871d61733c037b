using Godwit.VirtApi.Serving;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtApi;

public sealed class ClockStepsTests
{
    [Fact]
    public void A_step_is_noticed_once_in_either_direction_and_time_that_passes_is_none()
    {
        var clock = new SteppedClock(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        var steps = new ClockSteps(clock);

        clock.Passed += TimeSpan.FromDays(3);
        steps.Look().ShouldBeNull();

        clock.Passed += TimeSpan.FromSeconds(2);
        clock.Step = TimeSpan.FromSeconds(-504);
        steps.Look().ShouldBe(TimeSpan.FromSeconds(-504));
        steps.Look().ShouldBeNull();

        clock.Step = TimeSpan.Zero;
        steps.Look().ShouldBe(TimeSpan.FromSeconds(504));

        clock.Step += TimeSpan.FromMilliseconds(900);
        steps.Look().ShouldBeNull();
    }
}
