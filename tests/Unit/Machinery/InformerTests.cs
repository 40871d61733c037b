using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Godwit.Machinery;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class InformerTests : IAsyncDisposable
{
    private static readonly ResourceKind Widgets = new("test.dev", "v1", "widgets", "Widget", Namespaced: true);

    private readonly ImpatientClock _clock = new();
    private readonly Channel<string> _changes = Channel.CreateUnbounded<string>();
    private readonly Channel<Pipe> _watches = Channel.CreateUnbounded<Pipe>();
    private readonly Channel<string> _watchQueries = Channel.CreateUnbounded<string>();
    private readonly CancellationTokenSource _stop = new();
    private readonly FakeApi _api;
    private readonly Informer<JsonObject> _informer;
    private Task _running = Task.CompletedTask;
    private Func<FakeRequest, HttpResponseMessage> _list = _ => List("10");

    public InformerTests()
    {
        _api = new FakeApi(Answer);
        _informer = new Informer<JsonObject>(
                _api.Client(_clock), Widgets, MachineryJson.Default.JsonObject, NullLogger.Instance, _clock)
            .WithIndex("owner", o => o.Text("owner") is { } owner ? [owner] : [])
            .OnChange(c => _changes.Writer.TryWrite($"{c.Key} {c.Old?.Text("owner") ?? "-"}>{c.New?.Text("owner") ?? "-"}"));
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    [Fact]
    public async Task The_list_fills_the_cache_and_the_watch_goes_on_from_its_version()
    {
        _list = _ => List("10", Widget("a", "u1", "5", "x"), Widget("b", "u2", "6", "y"));
        Start();
        await _informer.WaitForSyncAsync(Ct);
        _informer.List().Select(o => o.Name()).Order().ShouldBe(["a", "b"]);
        _informer.Get(new("ns", "a")).Text("owner").ShouldBe("x");
        _informer.ByIndex("owner", "y").Select(o => o.Name()).ShouldBe(["b"]);
        (await _watchQueries.Reader.ReadAsync(Ct)).ShouldContain("resourceVersion=10");
        (await ChangesAsync(2)).ShouldBe(["ns/a ->x", "ns/b ->y"]);
    }

    [Fact]
    public async Task Handlers_get_the_old_and_the_new_object_and_indexes_follow()
    {
        _list = _ => List("10", Widget("a", "u1", "5", "x"));
        Start();
        var watch = await WatchAsync();
        await SendAsync(watch, "MODIFIED", Widget("a", "u1", "11", "z"));
        await SendAsync(watch, "DELETED", Widget("a", "u1", "12", "z"));
        (await ChangesAsync(3)).ShouldBe(["ns/a ->x", "ns/a x>z", "ns/a z>-"]);
        _informer.ByIndex("owner", "x").ShouldBeEmpty();
        _informer.ByIndex("owner", "z").ShouldBeEmpty();
        _informer.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Of_each_object_only_the_part_is_kept_that_is_asked_for_and_no_handler_sees_more()
    {
        _informer.Keeping(static o => new JsonObject { ["owner"] = $"{o.Text("owner")}!" });
        _list = _ => List("10", Widget("a", "u1", "5", "x"));
        Start();
        var watch = await WatchAsync();
        _informer.Get(new("ns", "a"))!.ToJsonString().ShouldBe("""{"owner":"x!"}""");
        await SendAsync(watch, "MODIFIED", Widget("a", "u1", "11", "z"));
        await SendAsync(watch, "MODIFIED", Widget("a", "u1", "11", "not even looked at, as the version is the same"));
        await SendAsync(watch, "DELETED", Widget("a", "u1", "12", "z"));
        (await ChangesAsync(3)).ShouldBe(["ns/a ->x!", "ns/a x!>z!", "ns/a z!>-"]);
        Should.Throw<InvalidOperationException>(() => _informer.Keeping(static o => o));
    }

    [Fact]
    public async Task Bookmarks_move_the_version_and_reach_no_handler()
    {
        Start();
        var watch = await WatchAsync();
        await _watchQueries.Reader.ReadAsync(Ct);
        await SendAsync(watch, "BOOKMARK", new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = "77" } });
        await watch.Writer.CompleteAsync();
        (await NextWatchQueryAsync()).ShouldContain("resourceVersion=77");
        _changes.Reader.TryRead(out _).ShouldBeFalse();
    }

    [Fact]
    public async Task An_expired_version_leads_to_a_new_list_which_reports_what_vanished_meanwhile()
    {
        _list = _ => List("10", Widget("a", "u1", "5", "x"), Widget("b", "u2", "6", "y"));
        Start();
        var watch = await WatchAsync();
        _list = request =>
        {
            request.Query.ShouldNotContain("resourceVersion=");
            return List("20", Widget("b", "u2", "6", "y"), Widget("c", "u3", "19", "z"));
        };
        await SendAsync(watch, "ERROR", new JsonObject { ["kind"] = "Status", ["code"] = 410, ["reason"] = "Expired" });
        await watch.Writer.CompleteAsync();
        (await ChangesAsync(4)).ShouldBe(["ns/a ->x", "ns/b ->y", "ns/c ->z", "ns/a x>-"]);
    }

    [Fact]
    public async Task Nothing_is_taken_for_deleted_before_the_last_page_of_a_new_list()
    {
        _list = _ => List("10", Widget("a", "u1", "5", "x"), Widget("b", "u2", "6", "y"));
        Start();
        var watch = await WatchAsync();
        _list = request => request.Query.Contains("continue=more", StringComparison.Ordinal)
            ? List("20", Widget("b", "u2", "6", "y"))
            : FakeApi.Json(new JsonObject
            {
                ["metadata"] = new JsonObject { ["resourceVersion"] = "20", ["continue"] = "more" },
                ["items"] = new JsonArray(Widget("a", "u1", "5", "x")),
            });
        await SendAsync(watch, "ERROR", new JsonObject { ["kind"] = "Status", ["code"] = 410 });
        await watch.Writer.CompleteAsync();
        await NextWatchQueryAsync();
        await NextWatchQueryAsync();
        (await ChangesAsync(2)).ShouldBe(["ns/a ->x", "ns/b ->y"]);
        _changes.Reader.TryRead(out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_broken_watch_goes_on_from_the_last_version_without_a_new_list()
    {
        Start();
        var watch = await WatchAsync();
        await _watchQueries.Reader.ReadAsync(Ct);
        await SendAsync(watch, "ADDED", Widget("a", "u1", "15", "x"));
        (await ChangesAsync(1)).ShouldBe(["ns/a ->x"]);
        await watch.Writer.CompleteAsync(new IOException("reset by peer"));
        (await NextWatchQueryAsync()).ShouldContain("resourceVersion=15");
        _api.Requests.Count(r => !r.IsWatch).ShouldBe(1);
    }

    [Fact]
    public async Task A_namesake_with_another_uid_is_reported_as_a_deletion_and_a_new_object()
    {
        _list = _ => List("10", Widget("a", "u1", "5", "x"));
        Start();
        var watch = await WatchAsync();
        await SendAsync(watch, "MODIFIED", Widget("a", "u9", "12", "y"));
        (await ChangesAsync(3)).ShouldBe(["ns/a ->x", "ns/a x>-", "ns/a ->y"]);
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_at_first_is_waited_for()
    {
        _list = _ => _api.Requests.Count < 4 ? throw new HttpRequestException("refused") : List("10", Widget("a", "u1", "5", "x"));
        Start();
        await _informer.WaitForSyncAsync(Ct);
        _informer.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_handler_that_throws_ends_the_informer_and_fails_whoever_waits_for_it()
    {
        _list = _ => List("10", Widget("a", "u1", "5", "x"));
        _informer.OnChange(_ => throw new InvalidOperationException("boom"));
        await Should.ThrowAsync<InvalidOperationException>(() => _informer.RunAsync(_stop.Token));
        await Should.ThrowAsync<InvalidOperationException>(() => _informer.WaitForSyncAsync(Ct));
    }

    private void Start() => _running = _informer.RunAsync(_stop.Token);

    private HttpResponseMessage Answer(FakeRequest request)
    {
        if (!request.IsWatch)
        {
            return _list(request);
        }

        _watchQueries.Writer.TryWrite(request.Query);
        var pipe = new Pipe();
        _watches.Writer.TryWrite(pipe);
        return FakeApi.Stream(pipe);
    }

    private async Task<Pipe> WatchAsync() => await _watches.Reader.ReadAsync(Ct);

    private async Task<string> NextWatchQueryAsync() => await _watchQueries.Reader.ReadAsync(Ct);

    private async Task<List<string>> ChangesAsync(int count)
    {
        var result = new List<string>();
        while (result.Count < count)
        {
            result.Add(await _changes.Reader.ReadAsync(Ct));
        }

        return result;
    }

    private static async Task SendAsync(Pipe watch, string type, JsonObject @object) =>
        await watch.Writer.WriteAsync(
            Encoding.UTF8.GetBytes(new JsonObject { ["type"] = type, ["object"] = @object }.ToJsonString() + "\n"), Ct);

    private static HttpResponseMessage List(string version, params JsonObject[] items) => FakeApi.Json(new JsonObject
    {
        ["metadata"] = new JsonObject { ["resourceVersion"] = version },
        ["items"] = new JsonArray([.. items]),
    });

    private static JsonObject Widget(string name, string uid, string version, string owner) => new()
    {
        ["metadata"] = new JsonObject { ["namespace"] = "ns", ["name"] = name, ["uid"] = uid, ["resourceVersion"] = version },
        ["owner"] = owner,
    };
}
