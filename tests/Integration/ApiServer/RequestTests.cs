using System.Text.Json.Nodes;
using Godwit.Integration.LocalCluster;
using Shouldly;
using Xunit;

namespace Godwit.Integration.ApiServer;

/// <summary>Requests as client libraries make them: pages, locks, dry runs, strictness, identity.</summary>
public sealed class RequestTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task Pages_of_a_list_show_one_moment()
    {
        var ns = await cluster.NamespaceAsync();
        using var client = cluster.Admin();
        foreach (var name in (string[])["a", "b", "c", "d"])
        {
            await client.SendAsync(HttpMethod.Post, Path(ns), Samples.ConfigMap(name));
        }

        var first = (await client.GetAsync($"{Path(ns)}?limit=2&fieldSelector=metadata.name!%3Dkube-root-ca.crt")).Body;
        Names(first).ShouldBe(["a", "b"]);
        first["metadata"]!["remainingItemCount"].ShouldBeNull();
        await client.SendAsync(HttpMethod.Delete, $"{Path(ns)}/c");
        await client.SendAsync(HttpMethod.Post, Path(ns), Samples.ConfigMap("ca"));
        var next = Uri.EscapeDataString(first["metadata"]!["continue"]!.GetValue<string>());
        var second = (await client.GetAsync($"{Path(ns)}?limit=2&fieldSelector=metadata.name!%3Dkube-root-ca.crt&continue={next}")).Body;
        Names(second).ShouldBe(["c", "d"]);
        second["metadata"]!["continue"].ShouldBeNull();
        Samples.Revision(second).ShouldBe(Samples.Revision(first));
        (await client.GetAsync($"{Path(ns)}?limit=1")).Body["metadata"]!["remainingItemCount"]!.GetValue<int>().ShouldBeGreaterThanOrEqualTo(3);

        await cluster.Server.Store.CompactAsync(cluster.Server.Store.Revision);
        var (code, expired) = await client.GetAsync($"{Path(ns)}?limit=2&continue={next}");
        code.ShouldBe(410);
        expired["message"]!.GetValue<string>().ShouldStartWith("The provided continue parameter is too old to display a consistent list result.");
        var rest = Uri.EscapeDataString(expired["metadata"]!["continue"]!.GetValue<string>());
        Names((await client.GetAsync($"{Path(ns)}?limit=2&continue={rest}")).Body).ShouldBe(["ca", "d"]);
        (await client.GetAsync($"{Path(ns)}?limit=2&continue=rubbish")).Code.ShouldBe(400);
    }

    [Fact]
    public async Task A_list_of_the_past_is_the_past()
    {
        var ns = await cluster.NamespaceAsync();
        using var client = cluster.Admin();
        await client.SendAsync(HttpMethod.Post, Path(ns), Samples.ConfigMap("x"));
        var then = Samples.Revision((await client.GetAsync(Path(ns))).Body);
        await client.SendAsync(HttpMethod.Delete, $"{Path(ns)}/x");
        Names((await client.GetAsync($"{Path(ns)}?resourceVersion={then}&resourceVersionMatch=Exact")).Body).ShouldContain("x");
        Names((await client.GetAsync($"{Path(ns)}?resourceVersion={then}")).Body).ShouldNotContain("x");
    }

    [Fact]
    public async Task Of_two_writers_with_one_version_the_second_is_told_to_read_again()
    {
        var ns = await cluster.NamespaceAsync();
        using var client = cluster.Admin();
        var made = (await client.SendAsync(HttpMethod.Post, Path(ns), Samples.ConfigMap("lock"))).Body;
        made["data"]!["a"] = "2";
        (await client.SendAsync(HttpMethod.Put, $"{Path(ns)}/lock", made.ToJsonString())).Code.ShouldBe(200);
        made["data"]!["a"] = "3";
        var (code, status) = await client.SendAsync(HttpMethod.Put, $"{Path(ns)}/lock", made.ToJsonString());
        code.ShouldBe(409);
        JsonNode.DeepEquals(status, JsonNode.Parse(
            """{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Operation cannot be fulfilled on configmaps \"lock\": the object has been modified; please apply your changes to the latest version and try again","reason":"Conflict","details":{"name":"lock","kind":"configmaps"},"code":409}""")).ShouldBeTrue(status.ToJsonString());
        (await client.SendAsync(HttpMethod.Delete, $"{Path(ns)}/lock", """{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"00000000-0000-0000-0000-000000000000"}}""")).Code.ShouldBe(409);
        var elsewhere = await client.SendAsync(HttpMethod.Put, $"{Path(ns)}/lock", Samples.ConfigMap("other"));
        elsewhere.Body["message"]!.GetValue<string>().ShouldBe("the name of the object (other) does not match the name on the URL (lock)");
    }

    [Fact]
    public async Task A_hundred_writers_of_one_object_lose_no_update()
    {
        var ns = await cluster.NamespaceAsync();
        using var client = cluster.Admin();
        await client.SendAsync(HttpMethod.Post, Path(ns), Samples.ConfigMap("sum", "0"));
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ =>
        {
            while (true)
            {
                var obj = (await client.GetAsync($"{Path(ns)}/sum")).Body;
                obj["data"]!["a"] = (int.Parse(obj["data"]!["a"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture) + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
                if ((await client.SendAsync(HttpMethod.Put, $"{Path(ns)}/sum", obj.ToJsonString())).Code == 200)
                {
                    return;
                }
            }
        }));
        (await client.GetAsync($"{Path(ns)}/sum")).Body["data"]!["a"]!.GetValue<string>().ShouldBe("100");
    }

    [Fact]
    public async Task A_dry_run_answers_and_changes_nothing()
    {
        var ns = await cluster.NamespaceAsync();
        using var client = cluster.Admin();
        var (code, made) = await client.SendAsync(HttpMethod.Post, $"{Path(ns)}?dryRun=All", Samples.ConfigMap("dry"));
        code.ShouldBe(201);
        made["metadata"]!["uid"].ShouldNotBeNull();
        (await client.GetAsync($"{Path(ns)}/dry")).Code.ShouldBe(404);
        (await client.SendAsync(HttpMethod.Post, $"{Path(ns)}?dryRun=Maybe", Samples.ConfigMap("dry"))).Code.ShouldBe(422);
    }

    [Theory]
    [InlineData("Strict", 400)]
    [InlineData("Warn", 201)]
    [InlineData("Ignore", 201)]
    public async Task Unknown_fields_are_refused_told_or_dropped_as_the_client_wants(string validation, int code)
    {
        var ns = await cluster.NamespaceAsync();
        using var client = cluster.Admin();
        const string body = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"odd"},"data":{"a":"1","a":"2"},"dta":{}}""";
        using var answer = await client.AnswerAsync(HttpMethod.Post, $"{Path(ns)}?fieldValidation={validation}", body);
        ((int)answer.StatusCode).ShouldBe(code);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        answer.Headers.Contains("Warning").ShouldBe(validation == "Warn");
        if (code == 400)
        {
            JsonNode.Parse(text)!["message"]!.GetValue<string>().ShouldBe(
                "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: duplicate field \"data.a\", unknown field \"dta\"");
        }
        else
        {
            JsonNode.Parse(text)!["dta"].ShouldBeNull();
        }
    }

    [Fact]
    public async Task A_revision_of_the_far_future_is_too_large()
    {
        var ns = await cluster.NamespaceAsync();
        using var client = cluster.Admin();
        using var answer = await client.AnswerAsync(HttpMethod.Get, $"{Path(ns)}?resourceVersion=99999999");
        ((int)answer.StatusCode).ShouldBe(504);
        answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        var status = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        status["reason"]!.GetValue<string>().ShouldBe("Timeout");
        status["message"]!.GetValue<string>().ShouldStartWith("Too large resource version: 99999999, current: ");
        status["details"]!["causes"]![0]!["reason"]!.GetValue<string>().ShouldBe("ResourceVersionTooLarge");
    }

    [Fact]
    public async Task Nobody_sees_health_and_version_only()
    {
        using var client = new RawClient(cluster.Server, certificate: null);
        var (code, status) = await client.GetAsync("/api/v1/namespaces");
        code.ShouldBe(403);
        status["message"]!.GetValue<string>().ShouldBe("namespaces is forbidden: User \"system:anonymous\" cannot list resource \"namespaces\" in API group \"\" at the cluster scope");
        (await client.GetAsync("/version")).Code.ShouldBe(200);
        using var health = await client.AnswerAsync(HttpMethod.Get, "/readyz");
        (await health.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("ok");
    }

    [Fact]
    public async Task A_client_certificate_says_who_calls()
    {
        using var client = new RawClient(cluster.Server, "jane", "devs", "ops");
        var (code, review) = await client.SendAsync(HttpMethod.Post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", """{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""");
        code.ShouldBe(201);
        var user = review["status"]!["userInfo"]!;
        user["username"]!.GetValue<string>().ShouldBe("jane");
        ((JsonArray)user["groups"]!).Select(g => g!.GetValue<string>()).ShouldBe(["devs", "ops", "system:authenticated"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_nobodys()
    {
        var folder = Directory.CreateTempSubdirectory("godwit-pki-");
        try
        {
            using var other = Godwit.LocalCluster.Pki.ClusterPki.Open(folder.FullName, TimeProvider.System);
            using var client = new RawClient(cluster.Server, other.Client("admin", "kubernetes-admin", ["system:masters"]).Load());
            (await client.GetAsync("/api/v1/namespaces")).Code.ShouldBe(401);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Tables_and_metadata_are_given_to_those_who_accept_them()
    {
        var ns = await cluster.NamespaceAsync();
        using var client = cluster.Admin();
        await client.SendAsync(HttpMethod.Post, Path(ns), Samples.ConfigMap("t"));
        var table = (await client.GetAsync($"{Path(ns)}/t", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")).Body;
        (table["kind"]!.GetValue<string>(), table["apiVersion"]!.GetValue<string>()).ShouldBe(("Table", "meta.k8s.io/v1"));
        table["rows"]![0]!["object"]!["kind"]!.GetValue<string>().ShouldBe("PartialObjectMetadata");
        var bare = (await client.GetAsync($"{Path(ns)}?includeObject=None", "application/json;as=Table;v=v1;g=meta.k8s.io")).Body;
        bare["rows"]![0]!["object"].ShouldBeNull();
        var metadata = (await client.GetAsync(Path(ns), "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io")).Body;
        metadata["kind"]!.GetValue<string>().ShouldBe("PartialObjectMetadataList");
        ((JsonObject)metadata["items"]![0]!).ContainsKey("data").ShouldBeFalse();
        var (code, refused) = await client.GetAsync($"{Path(ns)}/t", "text/csv");
        code.ShouldBe(406);
        refused["reason"]!.GetValue<string>().ShouldBe("NotAcceptable");
    }

    private static string Path(string ns) => $"/api/v1/namespaces/{ns}/configmaps";

    private static IEnumerable<string> Names(JsonObject list) =>
        ((JsonArray)list["items"]!).Select(i => i!["metadata"]!["name"]!.GetValue<string>()).Where(n => n != "kube-root-ca.crt");
}
