using Godwit.Types;
using Godwit.VirtHandler.Forwarding;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Forwarding;

public sealed class ForwarderTimeTests
{
    private static readonly ForwarderTerms Terms = new("default", "demo", Given.VmiUid, Tunnels.First, Given.Now, Given.Now.AddSeconds(600), DrainSeconds: 30);

    private readonly SteppedClock _clock = new(Given.Now);
    private readonly ForwarderTime _time;

    public ForwarderTimeTests() => _time = new(_clock);

    [Theory]
    [InlineData(365)]
    [InlineData(-365)]
    public void A_step_of_the_clock_neither_ends_a_forwarder_nor_keeps_it(int days)
    {
        _time.Now(Terms).ShouldBe(Terms.Since);
        _clock.Step = TimeSpan.FromDays(days);
        _clock.Advance(TimeSpan.FromSeconds(599));
        _time.Now(Terms).ShouldBe(Terms.Until.AddSeconds(-1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        _time.Now(Terms).ShouldBe(Terms.Until);
    }

    [Fact]
    public void An_agent_that_comes_back_goes_on_from_the_time_that_it_is()
    {
        _clock.Advance(TimeSpan.FromSeconds(400));
        _time.Now(Terms).ShouldBe(Given.Now.AddSeconds(400));
    }

    [Fact]
    public void Before_its_beginning_it_is_never()
    {
        _clock.Step = TimeSpan.FromDays(-1);
        _time.Now(Terms).ShouldBe(Terms.Since);
    }

    [Fact]
    public void Without_terms_it_is_the_time_of_day_and_new_terms_are_of_their_own_time()
    {
        _time.Now(Terms);
        _clock.Step = TimeSpan.FromDays(1);
        _time.Now(null).ShouldBe(Given.Now.AddDays(1));
        var next = Terms with { Since = Given.Now.AddDays(1) };
        _time.Now(next).ShouldBe(next.Since);
    }

    [Fact]
    public void What_is_learned_about_the_flows_does_not_begin_the_time_anew()
    {
        _time.Now(Terms);
        _clock.Step = TimeSpan.FromDays(1);
        _time.Now(Terms with { Refused = "the table is full" }).ShouldBe(Terms.Since);
    }

    [Fact]
    public void A_pod_that_is_not_deleted_has_no_end() => _time.EndOf(new ObjectMeta(), Given.Now).ShouldBeNull();

    [Fact]
    public void A_pod_that_is_being_deleted_ends_when_the_server_says()
    {
        _clock.Advance(TimeSpan.FromSeconds(100));
        _time.EndOf(Deleting(Given.Now.AddSeconds(630), 630), Given.Now.AddSeconds(100)).ShouldBe(Given.Now.AddSeconds(630));
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public void Where_the_servers_clock_is_another_time_the_pods_time_counts_from_when_it_was_seen(int step)
    {
        _clock.Step = TimeSpan.FromSeconds(step);
        _time.EndOf(Deleting(Given.Now.AddSeconds(630), 630), Given.Now).ShouldBe(Given.Now.AddSeconds(630));
    }

    [Fact]
    public void Its_end_stays_when_the_clock_is_stepped_and_moves_when_it_is_deleted_with_less_time()
    {
        _time.EndOf(Deleting(Given.Now.AddSeconds(630), 630), Given.Now);
        _clock.Step = TimeSpan.FromSeconds(300);
        _time.EndOf(Deleting(Given.Now.AddSeconds(630), 630), Given.Now).ShouldBe(Given.Now.AddSeconds(630));
        _time.EndOf(Deleting(Given.Now.AddSeconds(320), 20), Given.Now.AddSeconds(10)).ShouldBe(Given.Now.AddSeconds(30));
    }

    private static ObjectMeta Deleting(DateTimeOffset at, long grace) => new() { DeletionTimestamp = at, DeletionGracePeriodSeconds = grace };
}
