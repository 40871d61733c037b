using Godwit.VirtHandler.Migration;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

public sealed class StuckWatchTests
{
    private static readonly TimeSpan JustUnder = TimeSpan.FromSeconds(2.9);
    private readonly FakeTimeProvider _time = new();
    private readonly StuckWatch _watch;

    public StuckWatchTests() => _watch = new(_time);

    [Theory]
    [InlineData(SourcePhase.Device)]
    [InlineData(SourcePhase.Switching)]
    public void A_guest_that_stands_still_while_nothing_moves_does_so_for_three_seconds_at_most(SourcePhase phase)
    {
        _watch.IsStuck(phase, moved: 100).ShouldBeFalse();
        _time.Advance(JustUnder);
        _watch.IsStuck(phase, moved: 100).ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(0.2));
        _watch.IsStuck(phase, moved: 100).ShouldBeTrue();
    }

    [Fact]
    public void A_link_that_is_only_slow_is_given_time()
    {
        for (var sent = 0; sent < 10; sent++)
        {
            _watch.IsStuck(SourcePhase.Device, sent).ShouldBeFalse();
            _time.Advance(JustUnder);
        }
    }

    [Theory]
    [InlineData(SourcePhase.PreSwitchover)]
    [InlineData(SourcePhase.Switching)]
    [InlineData(SourcePhase.Device)]
    public void A_QEMU_that_falls_silent_while_the_guest_stands_still_counts_from_when_it_last_sent(SourcePhase phase)
    {
        _watch.IsStuck(phase, moved: 100).ShouldBeFalse();
        _time.Advance(JustUnder);
        _watch.IsStuck(SourcePhase.Unreachable, moved: 100).ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(0.2));
        _watch.IsStuck(SourcePhase.Unreachable, moved: 100).ShouldBeTrue();
    }

    [Fact]
    public void A_QEMU_that_falls_silent_while_pages_flow_counts_from_its_silence()
    {
        _watch.IsStuck(SourcePhase.Active, moved: 100).ShouldBeFalse();
        _time.Advance(TimeSpan.FromHours(1));
        _watch.IsStuck(SourcePhase.Unreachable, moved: 100).ShouldBeFalse();
        _time.Advance(JustUnder);
        _watch.IsStuck(SourcePhase.Unreachable, moved: 100).ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(0.2));
        _watch.IsStuck(SourcePhase.Unreachable, moved: 100).ShouldBeTrue();
    }

    [Fact]
    public void Pages_may_flow_for_ever()
    {
        _watch.IsStuck(SourcePhase.Active, moved: 100).ShouldBeFalse();
        _time.Advance(TimeSpan.FromDays(1));
        _watch.IsStuck(SourcePhase.Active, moved: 100).ShouldBeFalse();
    }

    [Fact]
    public void After_something_was_done_about_it_it_is_given_time_again()
    {
        _watch.IsStuck(SourcePhase.Device, moved: 100).ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(4));
        _watch.IsStuck(SourcePhase.Device, moved: 100).ShouldBeTrue();
        _watch.Restart();
        _watch.IsStuck(SourcePhase.Device, moved: 100).ShouldBeFalse();
    }
}
