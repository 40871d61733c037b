using Shouldly;
using Xunit;

namespace Godwit.Integration.LocalCluster;

/// <summary>Admission webhooks and aggregated APIs, behind a service whose endpoint slice was made by hand.</summary>
public sealed class HookTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static string Configuration(string kind, string ns, string path, string ca, string more = "") =>
        $$$$"""
        apiVersion: admissionregistration.k8s.io/v1
        kind: {{{{kind}}}}
        metadata: {name: {{{{ns}}}}}
        webhooks:
        - name: one.rig.example
          admissionReviewVersions: [v1]
          sideEffects: None
          timeoutSeconds: 5
          clientConfig: {service: {namespace: {{{{ns}}}}, name: hook, path: {{{{path}}}}}, caBundle: {{{{ca}}}}}
          namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{{{ns}}}}}}
          rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE, DELETE], resources: [configmaps], scope: Namespaced}]
        {{{{more}}}}
        """;

    private static string ConfigMap(string name) => "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" + name + "\"}}";

    private async Task<(string Namespace, HookServer Server)> ServiceAsync()
    {
        var ns = await cluster.NamespaceAsync();
        var server = await HookServer.StartAsync($"hook.{ns}.svc");
        await cluster.MustAsync(
            $"create -n {ns} -f -",
            $$$$"""
            apiVersion: v1
            kind: Service
            metadata: {name: hook}
            spec: {ports: [{port: 443, targetPort: {{{{server.Port}}}}}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: hook, labels: {kubernetes.io/service-name: hook}}
            addressType: IPv4
            endpoints: [{addresses: [127.0.0.1]}]
            ports: [{port: {{{{server.Port}}}}}]
            """);
        return (ns, server);
    }

    [Fact]
    public async Task A_validating_hook_refuses_warns_and_is_asked_about_each_operation()
    {
        var (ns, server) = await ServiceAsync();
        await using var running = server;
        await cluster.MustAsync("apply -f -", Configuration("ValidatingWebhookConfiguration", ns, "/validate", server.CaBundle));
        await cluster.MustAsync($"create -n {ns} -f -", ConfigMap("fine"));
        (await cluster.KubectlAsync($"create -n {ns} -f -", ConfigMap("deny-me"))).Error.ShouldContain("admission webhook \"one.rig.example\" denied the request: the webhook says no");
        (await cluster.KubectlAsync($"create -n {ns} -f -", ConfigMap("warn-me"))).Error.ShouldBe("Warning: the webhook warns\n");
        (await cluster.KubectlAsync($"label -n {ns} cm fine deny=yes")).Error.ShouldBe("The request is invalid: admission webhook \"one.rig.example\" denied the request: the webhook says no\n");
        await cluster.MustAsync($"create -n {ns} --dry-run=server -f -", ConfigMap("dry"));
        await cluster.MustAsync($"delete -n {ns} cm fine");
        server.Reviews.Select(r => (string)r["request"]!["operation"]!).ShouldBe(["CREATE", "CREATE", "CREATE", "UPDATE", "CREATE", "DELETE"]);
        server.Reviews[4]["request"]!["dryRun"]!.GetValue<bool>().ShouldBeTrue();
        server.Reviews[5]["request"]!["object"].ShouldBeNull();
        server.Reviews[0]["request"]!["userInfo"]!["username"]!.GetValue<string>().ShouldBe("kubernetes-admin");
        await cluster.MustAsync($"delete validatingwebhookconfiguration {ns}");
    }

    [Fact]
    public async Task A_mutating_hooks_patch_is_stored()
    {
        var (ns, server) = await ServiceAsync();
        await using var running = server;
        await cluster.MustAsync("apply -f -", Configuration("MutatingWebhookConfiguration", ns, "/mutate", server.CaBundle, "  matchConditions: [{name: named, expression: \"object.metadata.name.startsWith('fi')\"}]"));
        await cluster.MustAsync($"create -n {ns} -f -", ConfigMap("fine"));
        await cluster.MustAsync($"create -n {ns} -f -", ConfigMap("other"));
        (await cluster.GetAsync($"-n {ns} cm fine"))["metadata"]!["labels"]!["mutated"]!.GetValue<string>().ShouldBe("yes");
        (await cluster.GetAsync($"-n {ns} cm other"))["metadata"]!["labels"].ShouldBeNull();
        await cluster.MustAsync($"delete mutatingwebhookconfiguration {ns}");
    }

    [Fact]
    public async Task A_hook_that_cannot_be_asked_stops_the_request_unless_it_says_otherwise()
    {
        var (ns, server) = await ServiceAsync();
        await server.DisposeAsync();
        await cluster.MustAsync("apply -f -", Configuration("ValidatingWebhookConfiguration", ns, "/validate", server.CaBundle));
        (await cluster.KubectlAsync($"create -n {ns} -f -", ConfigMap("fine"))).Error.ShouldContain(
            $"Internal error occurred: failed calling webhook \"one.rig.example\": failed to call webhook: Post \"https://hook.{ns}.svc:443/validate?timeout=5s\"");
        await cluster.MustAsync("apply -f -", Configuration("ValidatingWebhookConfiguration", ns, "/validate", server.CaBundle, "  failurePolicy: Ignore"));
        await cluster.MustAsync($"create -n {ns} -f -", ConfigMap("fine"));
        await cluster.MustAsync($"delete validatingwebhookconfiguration {ns}");
    }

    [Fact]
    public async Task A_match_condition_that_is_not_understood_is_refused() =>
        (await cluster.KubectlAsync("apply -f -", Configuration("MutatingWebhookConfiguration", "default", "/mutate", "", "  matchConditions: [{name: x, expression: \"object.spec.list.map(x, x > 1)\"}]"))).Error
            .ShouldContain("webhooks[0].matchConditions[0].expression: Invalid value");

    [Fact]
    public async Task An_aggregated_api_is_discovered_and_learns_who_asks()
    {
        var (ns, server) = await ServiceAsync();
        await using var running = server;
        await cluster.MustAsync(
            "apply -f -",
            $$$$"""
            apiVersion: apiregistration.k8s.io/v1
            kind: APIService
            metadata: {name: v1.agg.example}
            spec: {group: agg.example, version: v1, groupPriorityMinimum: 1000, versionPriority: 10, caBundle: {{{{server.CaBundle}}}}, service: {namespace: {{{{ns}}}}, name: hook, port: 443}}
            """);
        await cluster.MustAsync("wait apiservice/v1.agg.example --for=condition=Available --timeout=10s");
        (await cluster.MustAsync("api-resources --api-group=agg.example")).ShouldContain("whos");
        var who = await cluster.GetAsync($"-n {ns} who you");
        who["user"]!.GetValue<string>().ShouldBe("kubernetes-admin");
        who["groups"]!.GetValue<string>().ShouldContain("system:masters");
        who["proxy"]!.GetValue<string>().ShouldBe("CN=front-proxy-client");
        await cluster.MustAsync("delete apiservice v1.agg.example");
    }
}
