using Godwit.VirtHandler.Migration;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

public sealed class AnswerTimesTests
{
    private readonly AnswerTimes _times = new();

    [Fact]
    public void Of_a_server_that_has_not_answered_yet_nothing_is_known() => _times.Slowest.ShouldBe(TimeSpan.Zero);

    [Fact]
    public void The_slowest_of_the_last_eight_counts()
    {
        Note(400);
        foreach (var quick in Enumerable.Repeat(5, 7))
        {
            Note(quick);
        }

        _times.Slowest.ShouldBe(Ms(400));

        Note(7);

        _times.Slowest.ShouldBe(Ms(7));
    }

    [Fact]
    public void An_answer_after_an_outage_says_nothing_about_the_next()
    {
        Note(20);
        Note(20_000);

        _times.Slowest.ShouldBe(Ms(20));
    }

    private void Note(int milliseconds) => _times.Note(Ms(milliseconds));

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
