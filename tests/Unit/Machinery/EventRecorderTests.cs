using Godwit.Machinery;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class EventRecorderTests : IDisposable
{
    private static readonly ObjectReference Widget = new("test.dev/v1", "Widget", new("ns", "w1"), "uid-1", "7");

    private readonly FakeTimeProvider _clock = new(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly FakeApi _api;
    private Func<FakeRequest, HttpResponseMessage> _answer = static request => FakeApi.Json(request.Json);
    private readonly EventRecorder _recorder;

    public EventRecorderTests()
    {
        _api = new(request => _answer(request));
        _recorder = new(_api.Client(_clock), "test-controller", NullLogger.Instance, _clock, "node01");
    }

    public void Dispose() => _api.Dispose();

    [Fact]
    public async Task An_event_says_what_happened_to_which_object()
    {
        _recorder.Warning(Widget, "Broken", "it broke");
        await FlushAsync();
        var written = _api.Requests.ShouldHaveSingleItem();
        written.Path.ShouldBe("/api/v1/namespaces/ns/events");
        written.Json["involvedObject"]!.ToJsonString()
            .ShouldBe("""{"apiVersion":"test.dev/v1","kind":"Widget","name":"w1","uid":"uid-1","namespace":"ns","resourceVersion":"7"}""");
        (written.Json.Text("type"), written.Json.Text("reason"), written.Json.Text("message")).ShouldBe(("Warning", "Broken", "it broke"));
        written.Json.Text("lastTimestamp").ShouldBe("2026-01-02T03:04:05Z");
        written.Json["source"]!.ToJsonString().ShouldBe("""{"component":"test-controller","host":"node01"}""");
    }

    [Fact]
    public async Task The_same_word_about_the_same_object_is_counted_on_one_event()
    {
        _recorder.Normal(Widget, "Seen", "again");
        _recorder.Normal(Widget, "Seen", "again");
        _recorder.Normal(Widget with { Uid = "uid-2" }, "Seen", "again");
        await FlushAsync();
        _api.Requests.Select(r => r.Method).ShouldBe(["POST", "PATCH", "POST"]);
        _api.Requests.ElementAt(1).Json.Integer("count").ShouldBe(2);
    }

    [Fact]
    public async Task An_object_that_causes_too_many_events_is_muted()
    {
        for (var i = 0; i < 100; i++)
        {
            _recorder.Normal(Widget, "Noise", $"number {i}");
        }

        _recorder.Normal(Widget with { Uid = "uid-2" }, "Seen", "other");
        await FlushAsync();
        _api.Requests.Count.ShouldBe(26);
    }

    [Fact]
    public async Task What_an_API_server_that_does_not_answer_was_to_be_told_is_told_when_it_answers_again()
    {
        var tries = 0;
        _answer = request => ++tries < 4
            ? throw new HttpRequestException("connection refused")
            // The first of the tries without an answer was carried out all the same.
            : tries == 4 ? FakeApi.Refuse(409, "AlreadyExists") : FakeApi.Json(request.Json);
        _recorder.Warning(Widget, "Broken", "it broke");
        _recorder.Warning(Widget, "Broken", "it broke");

        await RunWhileAsync(() => tries >= 5);

        _api.Requests.Select(r => r.Method).ShouldBe(["POST", "POST", "POST", "POST", "PATCH"]);
        _api.Requests.Take(4).Select(r => r.Json.Text("metadata", "name")).Distinct().ShouldHaveSingleItem();
        _api.Requests.Last().Json.Integer("count").ShouldBe(2);
    }

    [Fact]
    public async Task An_API_server_that_never_answers_is_given_up_after_two_minutes()
    {
        var start = _clock.GetTimestamp();
        _answer = request => request.Json.Text("reason") == "Broken" ? throw new HttpRequestException("connection refused") : FakeApi.Json(request.Json);
        _recorder.Warning(Widget, "Broken", "it broke");
        _recorder.Warning(Widget, "Mended", "it does not any more");

        await RunWhileAsync(() => _api.Requests.Any(r => r.Json.Text("reason") == "Mended"));

        _clock.GetElapsedTime(start).ShouldBeInRange(TimeSpan.FromSeconds(110), TimeSpan.FromSeconds(135));
    }

    private async Task RunWhileAsync(Func<bool> done)
    {
        using var stop = new CancellationTokenSource();
        var running = _recorder.RunAsync(stop.Token);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!done())
        {
            deadline.Token.ThrowIfCancellationRequested();
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        await stop.CancelAsync();
        await running;
    }

    /// <summary>A recorder that is told to stop still writes what it has.</summary>
    private Task FlushAsync() => _recorder.RunAsync(new CancellationToken(canceled: true));
}
