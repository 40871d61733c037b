using Godwit.Types;
using Godwit.VirtHandler.Migration;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler.Migration;

public sealed class RecordKeeperTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly PromisedRecord _server = new();
    private readonly RecordKeeper _keeper;
    private int _news;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public RecordKeeperTests() => _keeper = new RecordKeeper(_server, Vmi("1"), _time) { News = () => _news++ };

    [Fact]
    public void A_question_that_stands_is_not_asked_twice_at_once_but_again_after_a_second()
    {
        _keeper.AskBeside(Ct);
        _keeper.AskBeside(Ct);
        _server.Reads.Count.ShouldBe(1);

        _time.Advance(Second);
        _keeper.AskBeside(Ct);

        _server.Reads.Count.ShouldBe(2);
    }

    [Fact]
    public async Task The_answer_to_the_second_question_counts_while_the_first_is_still_awaited()
    {
        _keeper.AskBeside(Ct);
        _time.Advance(Second);
        _keeper.AskBeside(Ct);

        _server.Reads[1].SetResult(Vmi("2"));

        _keeper.Vmi.Metadata.ResourceVersion.ShouldBe("2");
        _news.ShouldBe(1);
        _keeper.Asking.IsCompleted.ShouldBeFalse();
        _time.Advance(4 * Second);
        await _keeper.Asking.WaitAsync(TimeSpan.FromSeconds(10), Ct);
    }

    [Fact]
    public void An_answer_that_is_known_already_is_no_news()
    {
        _keeper.AskBeside(Ct);

        _server.Reads[0].SetResult(Vmi("1"));

        _news.ShouldBe(0);
    }

    [Fact]
    public void What_the_watch_has_told_meanwhile_is_no_news()
    {
        _keeper.AskBeside(Ct);
        _keeper.Take(Vmi("2")).ShouldBeTrue();

        _server.Reads[0].SetResult(Vmi("2"));

        _news.ShouldBe(0);
    }

    [Fact]
    public async Task A_question_that_breaks_in_an_unforeseen_way_keeps_nobody_from_asking_again()
    {
        _keeper.AskBeside(Ct);
        _server.Reads[0].SetException(new InvalidOperationException("unforeseen"));
        await _keeper.Asking;

        _keeper.AskBeside(Ct);
        _server.Reads[1].SetResult(Vmi("2"));

        _news.ShouldBe(1);
    }

    [Fact]
    public void That_the_guest_is_gone_is_news()
    {
        _keeper.AskBeside(Ct);

        _server.Reads[0].SetResult(null);

        _keeper.IsGone.ShouldBeTrue();
        _news.ShouldBe(1);
        _keeper.AskBeside(Ct);
        _server.Reads[1].SetResult(null);
        _news.ShouldBe(1, "it is known already");
    }

    [Fact]
    public async Task A_write_without_an_answer_is_given_up_after_five_seconds_and_the_record_is_read()
    {
        var written = _keeper.WriteAsync([], Ct);
        _time.Advance(5 * Second);
        _server.Reads.Count.ShouldBe(1);
        _server.Reads[0].SetResult(Vmi("3"));

        (await written).ShouldBeFalse();

        _keeper.Refusal.ShouldBe("no answer within 5 s");
        _keeper.IsUnanswered.ShouldBeTrue();
        _keeper.Vmi.Metadata.ResourceVersion.ShouldBe("3");
    }

    [Fact]
    public async Task A_server_that_answers_neither_a_write_nor_a_question_costs_ten_seconds()
    {
        var written = _keeper.WriteAsync([], Ct);
        _time.Advance(5 * Second);
        _time.Advance(5 * Second);

        (await written).ShouldBeFalse();

        _keeper.IsFresh.ShouldBeFalse();
        _keeper.SinceAnswer.ShouldBe(10 * Second);
    }

    [Fact]
    public async Task Work_that_ends_does_not_take_its_end_for_silence()
    {
        using var end = new CancellationTokenSource();
        var written = _keeper.WriteAsync([], end.Token);

        await end.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => written);
        _server.Reads.ShouldBeEmpty();
    }

    private static VirtualMachineInstance Vmi(string version) => new() { Metadata = new() { ResourceVersion = version } };
}
