using System.Text.Json.Nodes;
using Godwit.LocalCluster.Admission;
using Godwit.LocalCluster.ApiServer.Admission;
using Godwit.LocalCluster.ApiServer.Resources;
using Godwit.LocalCluster.Store;
using Godwit.Unit.LocalCluster.Schema;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Admission;

public sealed class WebhookMatcherTests
{
    private static readonly ResourceInfo Pods = new()
    {
        Group = "",
        Plural = "pods",
        Singular = "pod",
        Kind = "Pod",
        Namespaced = true,
        Versions = [new ResourceVersionInfo { Name = "v1", Storage = true }],
    };

    private static readonly ResourceInfo Migrations = new()
    {
        Group = "kubevirt.io",
        Plural = "virtualmachineinstancemigrations",
        Singular = "",
        Kind = "VirtualMachineInstanceMigration",
        Namespaced = true,
        Versions = [new ResourceVersionInfo { Name = "v1", Storage = true }, new ResourceVersionInfo { Name = "v1alpha3" }],
    };

    private static Webhook Hook(string rule, string more = "") => Webhook.ReadAll(Widgets.Parse(
        $$$"""{"webhooks":[{"name":"a.b.c","clientConfig":{"service":{"namespace":"kubevirt","name":"virt-api","path":"/x"}},"sideEffects":"None","rules":[{{{rule}}}]{{{more}}}}]}"""))[0];

    private static AdmissionRequest Request(ResourceInfo resource, string? subresource = null, string version = "v1", string labels = "{}") => new()
    {
        Operation = AdmissionOperation.Create,
        Resource = resource,
        Version = resource.Version(version)!,
        Subresource = subresource,
        Namespace = "default",
        Name = "x",
        Object = Widgets.Parse($$$"""{"metadata":{"labels":{{{labels}}}}}"""),
        User = UserInfo.System,
    };

    private static string? Match(Webhook hook, AdmissionRequest request)
    {
        using var folder = new TemporaryFolder();
        using var store = new ObjectStore(Path.Combine(folder.Path, "state.db"));
        return WebhookMatcher.Match(hook.Requests, request, store.Snapshot)?.Name;
    }

    private const string AllPods = """{"operations":["CREATE"],"apiGroups":[""],"apiVersions":["v1"],"resources":["pods"]}""";
    private const string Evictions = """{"operations":["*"],"apiGroups":[""],"apiVersions":["*"],"resources":["pods/eviction"]}""";

    [Fact]
    public void A_rule_on_a_resource_does_not_hold_for_its_subresources()
    {
        Match(Hook(AllPods), Request(Pods)).ShouldBe("v1");
        Match(Hook(AllPods), Request(Pods, "eviction")).ShouldBeNull();
        Match(Hook(Evictions), Request(Pods, "eviction")).ShouldBe("v1");
        Match(Hook(Evictions), Request(Pods)).ShouldBeNull();
    }

    [Fact]
    public void A_rule_on_one_version_holds_for_the_others_unless_it_wants_exact_matches()
    {
        const string rule = """{"operations":["CREATE"],"apiGroups":["kubevirt.io"],"apiVersions":["v1"],"resources":["virtualmachineinstancemigrations"]}""";
        Match(Hook(rule), Request(Migrations, version: "v1alpha3")).ShouldBe("v1");
        Match(Hook(rule, ""","matchPolicy":"Exact" """), Request(Migrations, version: "v1alpha3")).ShouldBeNull();
    }

    [Fact]
    public void A_selector_of_objects_looks_at_labels()
    {
        var hook = Hook(AllPods, ""","objectSelector":{"matchLabels":{"kubevirt.io":"virt-launcher"}}""");
        Match(hook, Request(Pods)).ShouldBeNull();
        Match(hook, Request(Pods, labels: """{"kubevirt.io":"virt-launcher"}""")).ShouldBe("v1");
    }

    [Fact]
    public void A_selector_of_namespaces_looks_at_the_labels_of_the_namespace() =>
        Match(Hook(AllPods, ""","namespaceSelector":{"matchLabels":{"a":"b"}}"""), Request(Pods)).ShouldBeNull();

    [Fact]
    public void A_policy_leaves_out_what_it_excludes_and_asks_for_names()
    {
        var others = """{"operations":["*"],"apiGroups":["*"],"apiVersions":["*"],"resources":["*"]}""";
        Narrowed($"\"resourceRules\":[{others}]").ShouldBe(("v1", true));
        Narrowed($"\"resourceRules\":[{others}],\"excludeResourceRules\":[{AllPods}]").ShouldBe((null, false));
        Narrowed(""" "resourceRules":[{"operations":["*"],"apiGroups":["*"],"apiVersions":["*"],"resources":["*"],"resourceNames":["y"]}] """).ShouldBe((null, false));
        Narrowed(""" "resourceRules":[{"operations":["*"],"apiGroups":["*"],"apiVersions":["*"],"resources":["*"],"resourceNames":["x"]}] """).ShouldBe(("v1", true));
    }

    [Fact]
    public void A_binding_without_rules_narrows_by_its_selectors_alone()
    {
        Narrowed("\"matchPolicy\":\"Exact\"").ShouldBe((null, true));
        Narrowed(""" "objectSelector":{"matchLabels":{"a":"b"}} """).ShouldBe((null, false));
    }

    private static (string? Version, bool Narrows) Narrowed(string resources)
    {
        using var folder = new TemporaryFolder();
        using var store = new ObjectStore(Path.Combine(folder.Path, "state.db"));
        var matched = MatchedRequests.OfPolicy(Widgets.Parse($"{{{resources}}}"));
        return (WebhookMatcher.Match(matched, Request(Pods), store.Snapshot)?.Name, WebhookMatcher.Narrows(matched, Request(Pods), store.Snapshot));
    }

    [Theory]
    [InlineData("""{"code":429,"message":"wait","reason":"TooManyRequests"}""", 429, "admission webhook \"a.b.c\" denied the request: wait")]
    [InlineData("""{"message":"no"}""", 400, "admission webhook \"a.b.c\" denied the request: no")]
    [InlineData("""{"code":200,"reason":"Forbidden"}""", 400, "admission webhook \"a.b.c\" denied the request: Forbidden")]
    [InlineData("null", 400, "admission webhook \"a.b.c\" denied the request without explanation")]
    public void A_refusal_keeps_the_hooks_code_and_words(string status, int code, string message)
    {
        var error = WebhookCaller.Denied(Hook(AllPods), JsonNode.Parse(status));
        error.Code.ShouldBe(code);
        error.Message.ShouldBe(message);
    }
}
