using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class HeartbeatsTests
{
    private readonly SteppedClock _clock = new(Given.Now);
    private readonly Heartbeats _heartbeats;

    public HeartbeatsTests() => _heartbeats = new(_clock);

    [Fact]
    public void A_node_without_a_heartbeat_was_never_heard() => _heartbeats.Silence(Node(null)).ShouldBeNull();

    [Fact]
    public void Silence_lasts_until_the_next_beat()
    {
        _heartbeats.Silence(Node(Given.Now)).ShouldBe(TimeSpan.Zero);
        _clock.Advance(TimeSpan.FromMinutes(6));
        _heartbeats.Silence(Node(Given.Now)).ShouldBe(TimeSpan.FromMinutes(6));
        _heartbeats.Silence(Node(Given.Now.AddMinutes(6))).ShouldBe(TimeSpan.Zero);
    }

    [Theory]
    [InlineData(365)]
    [InlineData(-365)]
    public void A_step_of_the_clock_makes_no_node_silent_and_none_heard(int days)
    {
        _heartbeats.Silence(Node(Given.Now));
        _clock.Advance(TimeSpan.FromMinutes(1));
        _clock.Step = TimeSpan.FromDays(days);
        _heartbeats.Silence(Node(Given.Now)).ShouldBe(TimeSpan.FromMinutes(1));
        _heartbeats.Silence(Node(Given.Now.AddMinutes(1))).ShouldBe(TimeSpan.Zero);
        _clock.Advance(TimeSpan.FromMinutes(6));
        NodeDecisions.IsSilent(_heartbeats.Silence(Node(Given.Now.AddMinutes(1)))).ShouldBeTrue();
    }

    [Fact]
    public void A_beat_that_tells_a_wrong_time_is_a_beat()
    {
        _heartbeats.Silence(Node(Given.Now));
        _heartbeats.Silence(Node(Given.Now.AddYears(-1))).ShouldBe(TimeSpan.Zero);
        _clock.Advance(TimeSpan.FromMinutes(6));
        _heartbeats.Silence(Node(Given.Now.AddYears(-1))).ShouldBe(TimeSpan.FromMinutes(6));
    }

    [Fact]
    public void What_was_silent_before_the_first_look_is_listened_to_for_two_beats()
    {
        var (old, younger) = (Node(Given.Now.AddDays(-1), "old"), Node(Given.Now.AddMinutes(-2), "younger"));
        NodeDecisions.IsSilent(_heartbeats.Silence(old)).ShouldBeFalse("by a clock that is ahead all are of yesterday");
        _heartbeats.Silence(younger).ShouldBe(TimeSpan.FromMinutes(2));
        _clock.Advance(Heartbeats.FirstLook + TimeSpan.FromSeconds(1));
        NodeDecisions.IsSilent(_heartbeats.Silence(old)).ShouldBeTrue();
        NodeDecisions.IsSilent(_heartbeats.Silence(younger)).ShouldBeFalse();
    }

    [Fact]
    public void A_beat_of_the_future_or_of_no_time_begins_when_it_is_seen()
    {
        _heartbeats.Silence(Node(Given.Now.AddDays(1))).ShouldBe(TimeSpan.Zero);
        _heartbeats.Silence(new Node { Metadata = new ObjectMeta { Name = "other", Annotations = Beat("soon") } }).ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void A_node_that_left_and_came_again_is_another()
    {
        _heartbeats.Silence(Node(Given.Now));
        _clock.Advance(TimeSpan.FromMinutes(6));
        _heartbeats.Forget("node01");
        NodeDecisions.IsSilent(_heartbeats.Silence(Node(Given.Now))).ShouldBeFalse();
    }

    private static Node Node(DateTimeOffset? beat, string name = "node01") => new()
    {
        Metadata = new ObjectMeta { Name = name, Annotations = beat is { } at ? Beat(Timestamps.Format(at)) : null },
    };

    private static Dictionary<string, string> Beat(string beat) => new() { [Annotations.Heartbeat] = beat };
}
