using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Machinery;

public sealed class ApiClientTests
{
    private static readonly ResourceKind Widgets = new("test.dev", "v1", "widgets", "Widget", Namespaced: true);
    private static readonly ResourceKind Nodes = new("", "v1", "nodes", "Node", Namespaced: false);
    private static readonly NamespacedName Name = new("default", "w1");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void Paths_are_those_of_the_kind()
    {
        Widgets.Path(Name, "status").ShouldBe("/apis/test.dev/v1/namespaces/default/widgets/w1/status");
        Nodes.Path(NamespacedName.Cluster("n1")).ShouldBe("/api/v1/nodes/n1");
        Widgets.CollectionPath(null).ShouldBe("/apis/test.dev/v1/widgets");
        Should.Throw<ArgumentException>(() => Widgets.Path(NamespacedName.Cluster("w1"))).Message.ShouldContain("needs a namespace");
    }

    [Fact]
    public async Task A_refusal_names_verb_resource_and_object_and_carries_the_servers_words()
    {
        var api = new FakeApi(_ => FakeApi.Refuse(404, "NotFound", "widgets.test.dev w1 not found")).Client();
        var error = await Should.ThrowAsync<ApiException>(() => api.GetAsync(Widgets, Name, ct: Ct));
        error.Message.ShouldBe("get widgets.test.dev default/w1: widgets.test.dev w1 not found (404 NotFound)");
        error.IsNotFound.ShouldBeTrue();
        (await api.TryGetAsync(Widgets, Name, Ct)).ShouldBeNull();
    }

    [Theory]
    [InlineData(409, "AlreadyExists", true, false)]
    [InlineData(409, "Conflict", false, true)]
    public async Task The_two_meanings_of_409_are_told_apart(int code, string reason, bool exists, bool conflict)
    {
        var api = new FakeApi(_ => FakeApi.Refuse(code, reason)).Client();
        var error = await Should.ThrowAsync<ApiException>(() => api.CreateAsync(Widgets, Widget(1), ct: Ct));
        (error.IsAlreadyExists, error.IsConflict).ShouldBe((exists, conflict));
    }

    [Fact]
    public async Task An_answer_that_is_no_status_is_quoted()
    {
        var api = new FakeApi(_ => new(HttpStatusCode.BadGateway) { Content = new StringContent("upstream gone") }).Client();
        var error = await Should.ThrowAsync<ApiException>(() => api.DeleteAsync(Widgets, Name, ct: Ct));
        error.Message.ShouldBe("delete widgets.test.dev default/w1: upstream gone (502)");
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_given_up_at_the_deadline()
    {
        var clock = new FakeTimeProvider();
        var asked = new TaskCompletionSource();
        var api = new FakeApi(async (_, ct) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, ct);
            return FakeApi.Json("{}");
        }).Client(clock, new() { CallTimeout = TimeSpan.FromSeconds(7) });
        var call = api.GetAsync(Widgets, Name, ct: Ct);
        await asked.Task;
        clock.Advance(TimeSpan.FromSeconds(7));
        var error = await Should.ThrowAsync<ApiException>(call);
        error.Message.ShouldBe("get widgets.test.dev default/w1: no answer from api.test:6443 within 7 s");
        (error.IsTimeout, error.IsUnreachable).ShouldBe((true, true));
    }

    [Theory]
    [InlineData(3, 3)]
    [InlineData(60, 7)]
    public async Task Who_lists_or_watches_may_be_less_patient_than_all_calls_but_not_more(int patience, int given)
    {
        var clock = new FakeTimeProvider();
        var asked = new SemaphoreSlim(0);
        var api = new FakeApi(async (_, ct) =>
        {
            asked.Release();
            await Task.Delay(Timeout.Infinite, ct);
            return FakeApi.Json("{}");
        }).Client(clock, new() { CallTimeout = TimeSpan.FromSeconds(7) });
        var own = TimeSpan.FromSeconds(patience);
        var list = api.ListAsync(Widgets, options: new() { Patience = own }, ct: Ct);
        await using var watch = api.WatchAsync(Widgets, options: new() { Patience = own }, ct: Ct).GetAsyncEnumerator(Ct);
        var first = watch.MoveNextAsync().AsTask();
        await asked.WaitAsync(Ct);
        await asked.WaitAsync(Ct);

        clock.Advance(TimeSpan.FromSeconds(given));

        (await Should.ThrowAsync<ApiException>(list)).Message.ShouldEndWith($"within {given} s");
        (await Should.ThrowAsync<ApiException>(first)).Message.ShouldEndWith($"within {given} s");
    }

    [Fact]
    public async Task A_broken_connection_is_an_error_of_the_call_and_cancellation_is_not()
    {
        var api = new FakeApi((_, _) => throw new HttpRequestException("Connection refused")).Client();
        var error = await Should.ThrowAsync<ApiException>(() => api.GetAsync(Widgets, Name, ct: Ct));
        error.Message.ShouldBe("get widgets.test.dev default/w1: cannot reach api.test:6443: Connection refused");
        await Should.ThrowAsync<OperationCanceledException>(() => api.GetAsync(Widgets, Name, ct: new(canceled: true)));
    }

    [Fact]
    public async Task Writes_carry_the_right_verbs_types_and_options()
    {
        var fake = new FakeApi(request => FakeApi.Json(request.Body is null ? "{}" : "{'kind':'Status'}"));
        var api = fake.Client();
        await api.PatchAsync(Widgets, Name, PatchKind.Json, new JsonArray(JsonPatch.Test("/a", 1)), ct: Ct);
        await api.PatchAsync(Widgets, Name, PatchKind.Merge, new JsonObject { ["a"] = null }, WriteOptions.Status, Ct);
        await api.PatchAsync(Widgets, Name, PatchKind.Apply, Widget(1), new() { Force = true, FieldManager = "me" }, Ct);
        await api.DeleteAsync(Widgets, Name, new() { GracePeriodSeconds = 0, PropagationPolicy = "Foreground", Uid = "u" }, Ct);
        fake.Requests.Select(r => $"{r.Method} {r.Path}{r.Query} {r.ContentType} {r.Body}").ShouldBe(
        [
            """PATCH /apis/test.dev/v1/namespaces/default/widgets/w1 application/json-patch+json [{"op":"test","path":"/a","value":1}]""",
            """PATCH /apis/test.dev/v1/namespaces/default/widgets/w1/status application/merge-patch+json {"a":null}""",
            $"PATCH /apis/test.dev/v1/namespaces/default/widgets/w1?fieldManager=me&force=true application/apply-patch+yaml {Widget(1).ToJsonString()}",
            """DELETE /apis/test.dev/v1/namespaces/default/widgets/w1 application/json {"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"propagationPolicy":"Foreground","preconditions":{"uid":"u"}}""",
        ]);
    }

    [Fact]
    public async Task A_list_is_read_page_by_page_and_its_items_get_their_kind()
    {
        var fake = new FakeApi(request => request.Query.Contains("continue=t1", StringComparison.Ordinal)
            ? FakeApi.Json("{'metadata':{'resourceVersion':'9'},'items':[{'metadata':{'name':'b'}}]}")
            : FakeApi.Json("{'metadata':{'resourceVersion':'9','continue':'t1','remainingItemCount':1},'items':[{'metadata':{'name':'a'}}]}"));
        var list = await fake.Client().ListAsync(Widgets, "default", new() { PageSize = 1, LabelSelector = "a=b" }, Ct);
        list.ResourceVersion.ShouldBe("9");
        list.Items.Select(i => $"{i.Text("apiVersion")} {i.Text("kind")} {i.Name()}").ShouldBe(["test.dev/v1 Widget a", "test.dev/v1 Widget b"]);
        fake.Requests.Select(r => r.Query).ShouldBe(["?labelSelector=a%3Db&limit=1", "?labelSelector=a%3Db&limit=1&continue=t1"]);
    }

    [Fact]
    public async Task A_list_whose_token_expired_is_read_anew_in_one_piece()
    {
        var fake = new FakeApi(request => request.Query switch
        {
            "?limit=500" => FakeApi.Json("{'metadata':{'resourceVersion':'9','continue':'t1'},'items':[{'metadata':{'name':'old'}}]}"),
            "" => FakeApi.Json("{'metadata':{'resourceVersion':'12'},'items':[{'metadata':{'name':'new'}}]}"),
            _ => FakeApi.Refuse(410, "Expired"),
        });
        var list = await fake.Client().ListAsync(Widgets, "default", ct: Ct);
        list.Items.Select(i => i.Name()).ShouldBe(["new"]);
        list.ResourceVersion.ShouldBe("12");
    }

    [Fact]
    public async Task A_watch_gives_events_as_they_come_however_their_bytes_are_cut()
    {
        var pipe = new Pipe();
        var api = new FakeApi(_ => FakeApi.Stream(pipe)).Client();
        var lines = Encoding.UTF8.GetBytes(
            """{"type":"ADDED","object":{"metadata":{"name":"ä","resourceVersion":"5"}}}""" + "\n" +
            """{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"6"}}}""" + "\n");
        foreach (var b in lines)
        {
            await pipe.Writer.WriteAsync(new[] { b }, Ct);
        }

        await pipe.Writer.CompleteAsync();
        var events = await api.WatchAsync(Widgets, ct: Ct).ToListAsync(Ct);
        events.Select(e => $"{e.Type} {e.Object?.Name()} {e.Identity.ResourceVersion}").ShouldBe(["Added ä 5", "Bookmark  6"]);
    }

    [Fact]
    public async Task An_error_event_ends_a_watch_with_the_servers_words()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(
            """{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"""u8.ToArray(), Ct);
        await pipe.Writer.CompleteAsync();
        var api = new FakeApi(_ => FakeApi.Stream(pipe)).Client();
        var error = await Should.ThrowAsync<ApiException>(async () => await api.WatchAsync(Widgets, "x", ct: Ct).ToListAsync(Ct));
        error.IsGone.ShouldBeTrue();
        error.Message.ShouldBe("watch widgets.test.dev x: too old (410 Expired)");
    }

    [Fact]
    public async Task A_watch_that_falls_silent_is_broken_off_but_a_quiet_one_outlives_the_deadline_of_calls()
    {
        var clock = new FakeTimeProvider();
        var pipe = new Pipe();
        var api = new FakeApi(_ => FakeApi.Stream(pipe)).Client(clock);
        await using var events = api.WatchAsync(Widgets, options: new() { Silence = TimeSpan.FromMinutes(5) }, ct: Ct).GetAsyncEnumerator(Ct);
        var next = events.MoveNextAsync().AsTask();
        clock.Advance(TimeSpan.FromMinutes(4));
        next.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromMinutes(2));
        (await Should.ThrowAsync<ApiException>(next)).IsTimeout.ShouldBeTrue();
    }

    [Fact]
    public async Task Logs_are_a_stream_and_a_refused_one_an_error()
    {
        var api = new FakeApi(request => request.Query.Contains("container=none", StringComparison.Ordinal)
            ? FakeApi.Refuse(400, "BadRequest", "container none is not valid")
            : new(HttpStatusCode.OK) { Content = new StringContent("line 1\n") }).Client();
        using var reader = new StreamReader(await api.PodLogsAsync(Name, new() { TailLines = 1, Follow = true }, Ct));
        (await reader.ReadToEndAsync(Ct)).ShouldBe("line 1\n");
        var error = await Should.ThrowAsync<ApiException>(() => api.PodLogsAsync(Name, new() { Container = "none" }, Ct));
        error.Message.ShouldBe("get pods/log default/w1: container none is not valid (400 BadRequest)");
    }

    private static JsonObject Widget(int size) => new()
    {
        ["apiVersion"] = Widgets.ApiVersion,
        ["kind"] = Widgets.Kind,
        ["metadata"] = new JsonObject { ["name"] = Name.Name, ["namespace"] = Name.Namespace },
        ["size"] = size,
    };
}
