using System.Text.Json.Nodes;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Integration.LocalCluster;

/// <summary>Disruption budgets: what they show, and that evictions keep to them.</summary>
public sealed class DisruptionTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static string Budget(string spec, string name = "b") =>
        $$$"""{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"{{{name}}}"},"spec":{"selector":{"matchLabels":{"app":"web"}},{{{spec}}}}}""";

    // Pods need the account that each namespace gets after it was made.
    private async Task<string> NamespaceAsync()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"wait -n {ns} sa/default --for=create --timeout=20s");
        return ns;
    }

    // A pod without grace goes at once, as no kubelet is here to end it.
    private async Task PodAsync(string ns, string name, bool ready = true, string phase = "Running", int grace = 0, string node = "nowhere", JsonObject? owner = null)
    {
        var pod = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["labels"] = new JsonObject { ["app"] = "web" },
                ["ownerReferences"] = owner is null ? null : new JsonArray(new JsonObject
                {
                    ["apiVersion"] = owner["apiVersion"]!.DeepClone(),
                    ["kind"] = owner["kind"]!.DeepClone(),
                    ["name"] = owner.Name(),
                    ["uid"] = owner.Uid(),
                    ["controller"] = true,
                }),
            },
            ["spec"] = new JsonObject
            {
                ["nodeName"] = node,
                ["terminationGracePeriodSeconds"] = grace,
                ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "i" }),
            },
        };
        using var client = cluster.Admin();
        (await client.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{ns}/pods", pod.ToJsonString())).Code.ShouldBe(201);
        var status = $$$"""{"status":{"phase":"{{{phase}}}","conditions":[{"type":"Ready","status":"{{{(ready ? "True" : "False")}}}"}]}}""";
        (await client.SendAsync(HttpMethod.Patch, $"/api/v1/namespaces/{ns}/pods/{name}/status", status, "application/merge-patch+json")).Code.ShouldBe(200);
    }

    private async Task PodsAsync(string ns, int count, int grace = 0, string node = "nowhere")
    {
        for (var i = 0; i < count; i++)
        {
            await PodAsync(ns, "p" + i, grace: grace, node: node);
        }
    }

    private Task ShowsAsync(string ns, string field, object value) =>
        cluster.MustAsync($"wait -n {ns} pdb/b '--for=jsonpath={{.status.{field}}}={value}' --timeout=20s");

    private async Task<JsonObject> StatusAsync(string ns) => (JsonObject)(await cluster.GetAsync($"-n {ns} pdb b"))["status"]!;

    private async Task<(int Code, JsonObject Body)> EvictAsync(string ns, string pod, string options = "{}", string query = "")
    {
        using var client = cluster.Admin();
        return await client.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{ns}/pods/{pod}/eviction{query}",
            $$"""{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"{{pod}}","namespace":"{{ns}}"},"deleteOptions":{{options}}}""");
    }

    private static string Cause(JsonObject status) => status["details"]!["causes"]![0]!["message"]!.GetValue<string>();

    [Fact]
    public async Task Kubectl_shows_what_a_budget_allows_and_the_condition_follows_the_pods()
    {
        var ns = await NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} pdb b --selector=app=web --min-available=1");
        await cluster.MustAsync($"wait -n {ns} pdb/b --for=condition=DisruptionAllowed=False --timeout=20s");
        await PodsAsync(ns, 2);
        await cluster.MustAsync($"wait -n {ns} pdb/b --for=condition=DisruptionAllowed --timeout=20s");
        (await cluster.MustAsync($"get -n {ns} pdb")).ShouldMatch("^NAME +MIN AVAILABLE +MAX UNAVAILABLE +ALLOWED DISRUPTIONS +AGE\nb +1 +N/A +1 +\\d+s\n$");
        var status = await StatusAsync(ns);
        (status.Integer("currentHealthy"), status.Integer("desiredHealthy"), status.Integer("expectedPods"), status.Integer("observedGeneration")).ShouldBe((2, 1, 2, 1));
        status["conditions"]![0].Text("reason").ShouldBe("SufficientPods");
        await cluster.MustAsync($"delete -n {ns} pod p0");
        await cluster.MustAsync($"wait -n {ns} pdb/b --for=condition=DisruptionAllowed=False --timeout=20s");
        (await StatusAsync(ns))["conditions"]![0].Text("reason").ShouldBe("InsufficientPods");
    }

    [Fact]
    public async Task An_eviction_is_refused_while_the_budget_is_spent_and_passes_when_it_is_relaxed()
    {
        var ns = await NamespaceAsync();
        await PodAsync(ns, "p0", grace: 30);
        await cluster.MustAsync($"create -n {ns} -f -", Budget("\"minAvailable\":1"));
        await ShowsAsync(ns, "currentHealthy", 1);
        var (code, refusal) = await EvictAsync(ns, "p0");
        code.ShouldBe(429);
        JsonNode.DeepEquals(refusal, JsonNode.Parse("""
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Cannot evict pod as it would violate the pod's disruption budget.","reason":"TooManyRequests",
             "details":{"causes":[{"reason":"DisruptionBudget","message":"The disruption budget b needs 1 healthy pods and has 1 currently"}]},"code":429}
            """)).ShouldBeTrue(refusal.ToJsonString());
        (await cluster.GetAsync($"-n {ns} pod p0"))["metadata"]!["deletionTimestamp"].ShouldBeNull();
        await cluster.MustAsync("patch -n " + ns + " pdb b --type=merge -p '{\"spec\":{\"minAvailable\":0}}'");
        await ShowsAsync(ns, "observedGeneration", 2);
        var (passed, answer) = await EvictAsync(ns, "p0");
        passed.ShouldBe(201);
        answer.ToJsonString().ShouldBe("""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","code":201}""");
        var pod = await cluster.GetAsync($"-n {ns} pod p0");
        pod["metadata"]!["deletionTimestamp"].ShouldNotBeNull();
        var condition = pod["status"]!["conditions"]!.AsArray().Single(c => c.Text("type") == "DisruptionTarget");
        (condition.Text("status"), condition.Text("reason"), condition.Text("message")).ShouldBe(("True", "EvictionByEvictionAPI", "Eviction API: evicting"));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(3, 30)]
    public async Task Evictions_at_the_same_time_never_take_more_than_the_budget_has(int allowed, int grace)
    {
        const int pods = 16;
        var ns = await NamespaceAsync();
        await PodsAsync(ns, pods, grace);
        await cluster.MustAsync($"create -n {ns} -f -", Budget($"\"minAvailable\":{pods - allowed}"));
        await ShowsAsync(ns, "disruptionsAllowed", allowed);
        var answers = await Task.WhenAll(Enumerable.Range(0, pods).Select(i => EvictAsync(ns, "p" + i)));
        answers.Count(a => a.Code == 201).ShouldBe(allowed, string.Join('\n', answers.Select(a => a.Body.ToJsonString()).Distinct(StringComparer.Ordinal)));
        answers.Count(a => a.Code == 429).ShouldBe(pods - allowed);
        await ShowsAsync(ns, "currentHealthy", pods - allowed);
        (await StatusAsync(ns))["disruptedPods"].ShouldBeNull();
        (await StatusAsync(ns)).Integer("disruptionsAllowed").ShouldBe(0);
    }

    [Fact]
    public async Task A_drain_that_a_budget_blocks_says_so_and_goes_on_when_it_is_relaxed()
    {
        ClusterFixture.RequireOwn();
        var ns = await NamespaceAsync();
        var node = "node-" + ns;
        await cluster.MustAsync("create -f -", "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"" + node + "\"}}");
        await PodsAsync(ns, 2, node: node);
        await cluster.MustAsync($"create -n {ns} -f -", Budget("\"minAvailable\":1"));
        await ShowsAsync(ns, "disruptionsAllowed", 1);
        var left = "";
        var drain = await cluster.Kubectl.ComplainingAsync($"drain {node} --force --timeout=50s", static line => line.Contains("will retry", StringComparison.Ordinal), async () =>
        {
            left = await cluster.MustAsync($"get -n {ns} pods -o name");
            await cluster.MustAsync("patch -n " + ns + " pdb b --type=merge -p '{\"spec\":{\"minAvailable\":0}}'");
        });
        drain.Exit.ShouldBe(0, drain.Error);
        drain.Error.ShouldMatch($"error when evicting pods/\"p[01]\" -n \"{ns}\" \\(will retry after 5s\\): Cannot evict pod as it would violate the pod's disruption budget.");
        drain.Output.ShouldEndWith($"node/{node} drained\n");
        left.ShouldMatch("pod/p[01]\n$");
        (await cluster.MustAsync($"get -n {ns} pods -o name")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_rehearsal_and_an_eviction_of_another_pod_take_nothing()
    {
        var ns = await NamespaceAsync();
        await PodsAsync(ns, 2, grace: 30);
        await cluster.MustAsync($"create -n {ns} -f -", Budget("\"maxUnavailable\":1"));
        await ShowsAsync(ns, "observedGeneration", 1);
        await cluster.MustAsync("patch -n " + ns + " pdb b --type=merge -p '{\"spec\":{\"maxUnavailable\":null,\"minAvailable\":1}}'");
        await ShowsAsync(ns, "disruptionsAllowed", 1);
        var before = (await cluster.GetAsync($"-n {ns} pdb b")).ToJsonString();
        var pod = await cluster.GetAsync($"-n {ns} pod p0");
        (await EvictAsync(ns, "p0", query: "?dryRun=All")).Code.ShouldBe(201);
        (await EvictAsync(ns, "p0", """{"dryRun":["All"]}""")).Code.ShouldBe(201);
        var (code, other) = await EvictAsync(ns, "p0", """{"preconditions":{"uid":"11111111-2222-3333-4444-555555555555"}}""");
        code.ShouldBe(409);
        other.Text("message")!.ShouldStartWith("Operation cannot be fulfilled on Pod \"p0\": the UID in the precondition (11111111-2222-3333-4444-555555555555) does not match the UID in record");
        (await EvictAsync(ns, "p0", """{"preconditions":{"resourceVersion":"1"}}""")).Code.ShouldBe(409);
        (await cluster.GetAsync($"-n {ns} pdb b")).ToJsonString().ShouldBe(before);
        (await cluster.GetAsync($"-n {ns} pod p0")).ToJsonString().ShouldBe(pod.ToJsonString());
        (await EvictAsync(ns, "p0", $$$"""{"preconditions":{"uid":"{{{pod.Uid()}}}","resourceVersion":"{{{pod.ResourceVersion()}}}"}}""")).Code.ShouldBe(201);
        (await EvictAsync(ns, "p1", query: "?dryRun=All")).Code.ShouldBe(429);
        using var client = cluster.Admin();
        (await client.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{ns}/pods/p1/eviction", """{"metadata":{"name":"p0"}}""")).Body.Text("message")
            .ShouldBe("name in URL does not match name in Eviction object");
        (await EvictAsync(ns, "none")).Code.ShouldBe(404);
    }

    [Fact]
    public async Task Pods_that_do_no_work_leave_without_a_budget()
    {
        var ns = await NamespaceAsync();
        await PodAsync(ns, "waiting", ready: false, phase: "Pending");
        await PodAsync(ns, "done", ready: false, phase: "Succeeded");
        await PodAsync(ns, "sick", ready: false);
        await cluster.MustAsync($"create -n {ns} -f -", Budget("\"minAvailable\":1"));
        await ShowsAsync(ns, "expectedPods", 3);
        (await EvictAsync(ns, "waiting")).Code.ShouldBe(201);
        (await EvictAsync(ns, "done")).Code.ShouldBe(201);
        await ShowsAsync(ns, "expectedPods", 1);
        Cause((await EvictAsync(ns, "sick")).Body).ShouldBe("The disruption budget b needs 1 healthy pods and has 0 currently");
        await cluster.MustAsync("patch -n " + ns + " pdb b --type=merge -p '{\"spec\":{\"unhealthyPodEvictionPolicy\":\"AlwaysAllow\"}}'");
        (await EvictAsync(ns, "sick")).Code.ShouldBe(201);
    }

    [Fact]
    public async Task Of_two_budgets_over_one_pod_the_server_complains()
    {
        var ns = await NamespaceAsync();
        await PodAsync(ns, "p0");
        await cluster.MustAsync($"create -n {ns} -f -", Budget("\"minAvailable\":0"));
        await cluster.MustAsync($"create -n {ns} -f -", Budget("\"minAvailable\":0", "c"));
        (await EvictAsync(ns, "p0")).Body.ToJsonString().ShouldBe(
            """{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.","code":500}""");
    }

    [Fact]
    public async Task A_spec_that_the_status_does_not_speak_of_yet_is_to_be_asked_about_later()
    {
        var ns = await NamespaceAsync();
        await PodAsync(ns, "p0", owner: new JsonObject { ["apiVersion"] = "unknown.example/v1", ["kind"] = "Thing", ["metadata"] = new JsonObject { ["name"] = "y", ["uid"] = "u" } });
        await cluster.MustAsync($"create -n {ns} -f -", Budget("\"maxUnavailable\":1"));
        await ShowsAsync(ns, "conditions[0].reason", "SyncFailed");
        (await StatusAsync(ns))["conditions"]![0].Text("message").ShouldBe("no matches for kind \"Thing\" in version \"unknown.example/v1\"");
        using var client = cluster.Admin();
        using var answer = await client.AnswerAsync(HttpMethod.Post, $"/api/v1/namespaces/{ns}/pods/p0/eviction", """{"metadata":{"name":"p0"}}""");
        ((int)answer.StatusCode, answer.Headers.RetryAfter?.ToString()).ShouldBe((429, "10"));
        Cause((JsonObject)JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!).ShouldBe("The disruption budget b is still being processed by the server.");
    }

    [Fact]
    public async Task A_share_is_that_of_what_the_controllers_want()
    {
        var ns = await NamespaceAsync();
        var owner = await ScaledKindAsync(ns);
        await PodAsync(ns, "p0", owner: owner);
        await PodAsync(ns, "p1", owner: owner);
        await cluster.MustAsync($"create -n {ns} -f -", Budget("\"minAvailable\":\"25%\""));
        await ShowsAsync(ns, "expectedPods", 4);
        (await StatusAsync(ns)).Integer("desiredHealthy").ShouldBe(1);
        await cluster.MustAsync($"scale -n {ns} things.{ns}.example x --replicas=8");
        await ShowsAsync(ns, "desiredHealthy", 2);
        await PodAsync(ns, "p2", owner: await cluster.GetAsync($"-n {ns} cm kube-root-ca.crt"));
        await ShowsAsync(ns, "conditions[0].reason", "SyncFailed");
        var status = await StatusAsync(ns);
        status["conditions"]![0].Text("message").ShouldBe("configmaps does not implement the scale subresource");
        status.Integer("disruptionsAllowed").ShouldBe(0);
        Cause((await EvictAsync(ns, "p0")).Body).ShouldBe("The disruption budget b does not allow evicting pods currently because it failed sync: configmaps does not implement the scale subresource");
    }

    [Fact]
    public async Task Admission_judges_an_eviction_and_not_the_deletion_that_follows()
    {
        var ns = await NamespaceAsync();
        await PodAsync(ns, "p0");
        await cluster.MustAsync("create -f -", $$$"""
            {"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration","metadata":{"name":"{{{ns}}}"},"webhooks":[{"name":"no.rig.example","admissionReviewVersions":["v1"],
             "sideEffects":"None","timeoutSeconds":2,"clientConfig":{"url":"https://127.0.0.1:1/"},"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"{{{ns}}}"}},
             "rules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["UPDATE","DELETE"],"resources":["pods","pods/status"]}]}]}
            """);
        (await cluster.KubectlAsync($"delete -n {ns} pod p0")).Error.ShouldContain("failed calling webhook");
        (await EvictAsync(ns, "p0")).Code.ShouldBe(201);
        await cluster.MustAsync($"delete validatingwebhookconfiguration {ns}");
    }

    [Fact]
    public async Task Budgets_that_make_no_sense_are_refused()
    {
        var ns = await NamespaceAsync();
        async Task<string> RefusalAsync(string spec) => (await cluster.KubectlAsync($"create -n {ns} -f -", Budget(spec))).Error;
        (await RefusalAsync("\"minAvailable\":1,\"maxUnavailable\":\"50%\"")).ShouldBe(
            "The PodDisruptionBudget \"b\" is invalid: spec: Invalid value: {\"MinAvailable\":1,\"Selector\":{\"matchLabels\":{\"app\":\"web\"}},\"MaxUnavailable\":\"50%\",\"UnhealthyPodEvictionPolicy\":null}: minAvailable and maxUnavailable cannot be both set\n");
        (await RefusalAsync("\"minAvailable\":-1")).ShouldContain("spec.minAvailable: Invalid value: -1: must be greater than or equal to 0");
        (await RefusalAsync("\"minAvailable\":\"some\"")).ShouldContain("spec.minAvailable: Invalid value: \"some\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')");
        (await RefusalAsync("\"maxUnavailable\":\"101%\"")).ShouldContain("spec.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%");
        (await RefusalAsync("\"unhealthyPodEvictionPolicy\":\"Sometimes\"")).ShouldContain("spec.unhealthyPodEvictionPolicy: Unsupported value: \"Sometimes\": supported values: \"AlwaysAllow\", \"IfHealthyBudget\"");
        (await cluster.KubectlAsync($"create -n {ns} -f -", Budget("\"minAvailable\":1").Replace("\"matchLabels\":{\"app\":\"web\"}", "\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\"},{\"key\":\"a b\",\"operator\":\"Like\"}]", StringComparison.Ordinal))).Error
            .ShouldMatch("values: Required value: must be specified when `operator` is 'In' or 'NotIn'[^$]*operator: Invalid value: \"Like\": not a valid selector operator[^$]*key: Invalid value: \"a b\"");
        using var client = cluster.Admin();
        var path = $"/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets";
        var made = (await client.SendAsync(HttpMethod.Post, path, Budget("\"minAvailable\":1").Replace("\"spec\"", "\"status\":{\"currentHealthy\":7},\"spec\"", StringComparison.Ordinal))).Body;
        made["status"]!.ToJsonString().ShouldBe("""{"disruptionsAllowed":0,"currentHealthy":0,"desiredHealthy":0,"expectedPods":0}""");
        (await client.SendAsync(HttpMethod.Put, path + "/b", Budget("\"minAvailable\":2"))).Body.Text("message")!.ShouldEndWith("metadata.resourceVersion: Invalid value: 0: must be specified for an update");
        (await client.SendAsync(HttpMethod.Patch, path + "/b/status", """{"status":{"disruptionsAllowed":-1}}""", "application/merge-patch+json")).Body.Text("message")!
            .ShouldEndWith("status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0");
    }

    // A kind with a scale, and one object of it that wants four pods.
    private async Task<JsonObject> ScaledKindAsync(string ns)
    {
        var group = ns + ".example";
        await cluster.MustAsync("create -f -", $$$"""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: things.{{{group}}}}
            spec:
              group: {{{group}}}
              scope: Namespaced
              names: {plural: things, singular: thing, kind: Thing}
              versions:
              - name: v1
                served: true
                storage: true
                schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
                subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
            """);
        await cluster.MustAsync($"wait crd/things.{group} --for=condition=Established --timeout=20s");
        await cluster.MustAsync($"create -n {ns} -f -", $$$"""{"apiVersion":"{{{group}}}/v1","kind":"Thing","metadata":{"name":"x"},"spec":{"replicas":4}}""");
        return await cluster.GetAsync($"-n {ns} things.{group} x");
    }
}
