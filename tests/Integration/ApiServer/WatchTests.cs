using System.Text.Json.Nodes;
using Godwit.Integration.LocalCluster;
using Shouldly;
using Xunit;

namespace Godwit.Integration.ApiServer;

/// <summary>Watches as client libraries use them.</summary>
public sealed class WatchTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task A_watch_from_a_revision_gives_every_later_change_in_order()
    {
        var (ns, client) = await BeginAsync();
        using var _ = client;
        var start = Samples.Revision((await client.GetAsync(Path(ns))).Body);
        await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap("w"));
        await cluster.MustAsync("patch -n " + ns + " cm w --type=merge -p '{\"data\":{\"b\":\"2\"}}'");
        await cluster.MustAsync($"delete -n {ns} cm w");
        var events = await AllAsync(client, $"{Path(ns)}?watch=true&timeoutSeconds=1&resourceVersion={start}");
        events.Select(Type).ShouldBe(["ADDED", "MODIFIED", "DELETED"]);
        events.Select(e => Samples.Revision(e["object"]!)).ShouldBeInOrder();
        events[2]["object"]!["data"]!.ToJsonString().ShouldBe("""{"a":"1","b":"2"}""");
        events[0]["object"]!["kind"]!.GetValue<string>().ShouldBe("ConfigMap");

        // It went at once: nobody saw it marked for deletion.
        events[2]["object"]!["metadata"]!["deletionTimestamp"].ShouldBeNull();
    }

    [Fact]
    public async Task What_was_held_by_a_finalizer_leaves_with_the_time_of_its_deletion()
    {
        var (ns, client) = await BeginAsync();
        using var _ = client;
        var start = Samples.Revision((await client.GetAsync(Path(ns))).Body);
        await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap("held", metadata: ",\"finalizers\":[\"rig.example/hold\"]"));
        await cluster.MustAsync($"delete -n {ns} cm held --wait=false");
        await cluster.MustAsync("patch -n " + ns + " cm held --type=merge -p '{\"metadata\":{\"finalizers\":null}}'");
        var events = await AllAsync(client, $"{Path(ns)}?watch=true&timeoutSeconds=1&resourceVersion={start}");
        events.Select(Type).ShouldBe(["ADDED", "MODIFIED", "DELETED"]);
        events[2]["object"]!["metadata"]!["deletionTimestamp"].ShouldNotBeNull();
        // As it was last stored: a real server shows the finalizer, too.
        events[2]["object"]!["metadata"]!["finalizers"]!.ToJsonString().ShouldBe("""["rig.example/hold"]""");
    }

    [Theory]
    [InlineData("")]
    [InlineData("&resourceVersion=0")]
    public async Task A_watch_without_a_past_begins_with_what_is_there(string options)
    {
        var (ns, client) = await BeginAsync();
        using var _ = client;
        await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap("w"));
        var events = await AllAsync(client, $"{Path(ns)}?watch=true&timeoutSeconds=1{options}");
        events.Select(e => $"{Type(e)} {e["object"]!["metadata"]!["name"]}").ShouldBe(["ADDED kube-root-ca.crt", "ADDED w"]);
    }

    [Fact]
    public async Task Initial_events_end_with_a_bookmark_that_says_so()
    {
        var (ns, client) = await BeginAsync();
        using var _ = client;
        const string streaming = "watch=true&timeoutSeconds=1&sendInitialEvents=true&allowWatchBookmarks=true";
        var events = await AllAsync(client, $"{Path(ns)}?{streaming}&resourceVersionMatch=NotOlderThan");
        events.Select(Type).Take(2).ShouldBe(["ADDED", "BOOKMARK"]);
        events[1]["object"]!["metadata"]!["annotations"]!.ToJsonString().ShouldBe("""{"k8s.io/initial-events-end":"true"}""");
        events[1]["object"]!["kind"]!.GetValue<string>().ShouldBe("ConfigMap");
        Samples.Revision(events[1]["object"]!).ShouldBeGreaterThanOrEqualTo(Samples.Revision(events[0]["object"]!));
        var (code, refused) = await client.GetAsync($"{Path(ns)}?{streaming}");
        code.ShouldBe(422);
        refused["message"]!.GetValue<string>().ShouldBe("ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    }

    [Fact]
    public async Task A_bookmark_moves_a_quiet_watch_on()
    {
        var (ns, client) = await BeginAsync();
        using var _ = client;
        var start = Samples.Revision((await client.GetAsync(Path(ns))).Body);
        var other = await cluster.NamespaceAsync();
        await cluster.MustAsync($"create -n {other} -f -", Samples.ConfigMap("elsewhere"));
        var events = await AllAsync(client, $"{Path(ns)}?watch=true&timeoutSeconds=3&allowWatchBookmarks=true&resourceVersion={start}");
        events.Select(Type).ShouldBe(["BOOKMARK"]);
        Samples.Revision(events[0]["object"]!).ShouldBeGreaterThan(start);
        (await AllAsync(client, $"{Path(ns)}?watch=true&timeoutSeconds=3&resourceVersion={start}")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_watch_from_before_the_compaction_is_told_so_in_the_stream()
    {
        var (ns, client) = await BeginAsync();
        using var _ = client;
        var start = Samples.Revision((await client.GetAsync(Path(ns))).Body);

        // More than the server keeps in memory, so that the history is needed.
        for (var i = 0; i < 1100; i++)
        {
            (await client.SendAsync(HttpMethod.Put, $"{Path(ns)}/w{i % 2}", Samples.ConfigMap($"w{i % 2}", i.ToString(System.Globalization.CultureInfo.InvariantCulture)))).Code.ShouldBeOneOf(200, 404);
            if (i < 2)
            {
                (await client.SendAsync(HttpMethod.Post, Path(ns), Samples.ConfigMap($"w{i}"))).Code.ShouldBe(201);
            }
        }

        (await AllAsync(client, $"{Path(ns)}?watch=true&timeoutSeconds=1&resourceVersion={start}")).Count(e => Type(e) == "MODIFIED").ShouldBeGreaterThan(1090);
        await cluster.Server.Store.CompactAsync(cluster.Server.Store.Revision);
        var events = await AllAsync(client, $"{Path(ns)}?watch=true&timeoutSeconds=1&resourceVersion={start}");
        events.Select(Type).ShouldBe(["ERROR"]);
        var status = events[0]["object"]!;
        status["kind"]!.GetValue<string>().ShouldBe("Status");
        (status["code"]!.GetValue<int>(), status["reason"]!.GetValue<string>()).ShouldBe((410, "Expired"));
        status["message"]!.GetValue<string>().ShouldMatch($@"^too old resource version: {start} \(\d+\)$");
    }

    [Fact]
    public async Task What_leaves_a_selection_is_deleted_as_far_as_its_watcher_sees()
    {
        var (ns, client) = await BeginAsync();
        using var _ = client;
        var start = Samples.Revision((await client.GetAsync(Path(ns))).Body);
        await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap("s"));
        await cluster.MustAsync($"label -n {ns} cm s x=1");
        await cluster.MustAsync($"label -n {ns} cm s x=2 --overwrite");
        var events = await AllAsync(client, $"{Path(ns)}?watch=true&timeoutSeconds=1&labelSelector=x%3D1&resourceVersion={start}");
        events.Select(Type).ShouldBe(["ADDED", "DELETED"]);
        events[1]["object"]!["metadata"]!["labels"]!["x"]!.GetValue<string>().ShouldBe("1");
    }

    [Fact]
    public async Task A_watch_of_one_object_sees_no_other()
    {
        var (ns, client) = await BeginAsync();
        using var _ = client;
        var start = Samples.Revision((await client.GetAsync(Path(ns))).Body);
        await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap("one"));
        await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap("two"));
        var events = await AllAsync(client, $"{Path(ns)}?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Dtwo&resourceVersion={start}");
        events.Select(e => e["object"]!["metadata"]!["name"]!.GetValue<string>()).ShouldBe(["two"]);
    }

    private static string Path(string ns) => $"/api/v1/namespaces/{ns}/configmaps";

    private static string Type(JsonObject change) => change["type"]!.GetValue<string>();

    private async Task<(string Namespace, RawClient Client)> BeginAsync()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"wait -n {ns} --for=create cm/kube-root-ca.crt --timeout=10s");
        return (ns, cluster.Admin());
    }

    private static async Task<List<JsonObject>> AllAsync(RawClient client, string path)
    {
        var events = new List<JsonObject>();
        await foreach (var change in client.WatchAsync(path))
        {
            events.Add(change);
        }

        return events;
    }
}
