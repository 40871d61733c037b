using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.LocalCluster.Objects;
using Godwit.LocalCluster.Workloads;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Workloads;

public sealed class DaemonSetDecisionTests
{
    private static JsonObject DaemonSet(string strategy = """{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":1,"maxSurge":0}}""") => Sets.Parse($$$"""
        {"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"ds","namespace":"n","uid":"S","generation":2,"annotations":{"deprecated.daemonset.template.generation":"2"}},
         "spec":{"revisionHistoryLimit":1,"updateStrategy":{{{strategy}}} ,"template":{"metadata":{"labels":{"app":"d"}},"spec":{"containers":[{"name":"c","image":"i"}]}} },"status":{}}
        """);

    private static DaemonSetFacts Facts(JsonObject set, string[] nodes, params WorkloadPod[] pods) =>
        new(set, "new", [.. nodes.Select(n => new DaemonNode(n, true, true))], pods, Sets.Now);

    private static string Show(DaemonSetPlan plan) => $"+{string.Join(',', plan.Missing)} -{string.Join(',', plan.Surplus.Select(p => p.Name))}";

    [Theory]
    [InlineData("", "", true)]
    [InlineData("node.kubernetes.io/unschedulable:NoSchedule", "", true)]
    [InlineData("node.kubernetes.io/not-ready:NoExecute", "", true)]
    [InlineData("node.kubernetes.io/unreachable:NoExecute", "", true)]
    [InlineData("node.kubernetes.io/network-unavailable:NoSchedule", "", false, true)]
    [InlineData("node.kubernetes.io/network-unavailable:NoSchedule", "\"hostNetwork\":true", true)]
    [InlineData("a:NoSchedule", "", false, true)]
    [InlineData("a:NoExecute", "", false)]
    [InlineData("a:PreferNoSchedule", "", true)]
    [InlineData("a:NoExecute", "\"tolerations\":[{\"key\":\"a\",\"operator\":\"Exists\"}]", true)]
    [InlineData("", "\"nodeSelector\":{\"disk\":\"ssd\"}", false)]
    [InlineData("", "\"nodeSelector\":{\"disk\":\"hdd\"}", true)]
    [InlineData("", "\"nodeName\":\"other\"", false)]
    public void A_node_gets_a_pod_when_it_is_meant_and_its_taints_are_borne(string taint, string spec, bool runs, bool stays = false)
    {
        var set = DaemonSet();
        foreach (var (name, value) in Sets.Parse("{" + spec + "}"))
        {
            set["spec"]!["template"]!["spec"]![name] = value?.DeepClone();
        }

        var node = new Node
        {
            Metadata = new() { Name = "n1", Labels = new() { ["disk"] = "hdd" } },
            Spec = new() { Taints = taint.Length == 0 ? null : [new() { Key = taint.Split(':')[0], Effect = taint.Split(':')[1] }] },
        };
        DaemonNode.Of(DaemonPods.Pod(set).Deserialize(ObjectsJson.Default.Pod)!, node).ShouldBe(new DaemonNode("n1", runs, runs || stays));
    }

    [Fact]
    public void A_pod_is_made_for_one_node_within_the_terms_that_the_template_has()
    {
        var set = DaemonSet();
        var pod = DaemonPods.For(set, "n1", "h", "2");
        pod.Labels().ShouldBe(new Dictionary<string, string> { ["app"] = "d", ["controller-revision-hash"] = "h", ["pod-template-generation"] = "2" }, ignoreOrder: true);
        pod.At("spec", "affinity")!.ToJsonString().ShouldBe(
            """{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]}]}}}""");
        WorkloadPod.Of(pod).PinnedNode.ShouldBe("n1");
        set["spec"]!["template"]!["spec"]!["affinity"] = JsonNode.Parse(
            """{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"Exists"}]},{"matchFields":[{"key":"metadata.name","operator":"In","values":["x"]}]}]}}}""");
        DaemonPods.For(set, "n1", "h", null).At("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")!.ToJsonString().ShouldBe(
            """[{"matchExpressions":[{"key":"a","operator":"Exists"}],"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]},{"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]}]""");
    }

    [Fact]
    public void Each_node_has_one_pod_and_what_ended_is_replaced()
    {
        Show(DaemonSetDecision.Decide(Facts(DaemonSet(), ["n1", "n2"], Sets.Pod("a", "n1", hash: "new")))).ShouldBe("+n2 -");
        Show(DaemonSetDecision.Decide(Facts(DaemonSet(), ["n1"], Sets.Pod("a", "n1", age: 9, hash: "new"), Sets.Pod("b", "n1", age: 5, hash: "new")))).ShouldBe("+ -b");
        Show(DaemonSetDecision.Decide(Facts(DaemonSet(), ["n1"], Sets.Pod("a", "gone", hash: "new"), Sets.Pod("b", "n1", hash: "new")))).ShouldBe("+ -a");
        Show(DaemonSetDecision.Decide(Facts(DaemonSet(), ["n1"], Sets.Pod("a", "n1", deleting: true, hash: "new")))).ShouldBe("+ -");
        var failed = DaemonSetDecision.Decide(Facts(DaemonSet(), ["n1"], Sets.Pod("a", "n1", phase: "Failed", hash: "new")));
        (Show(failed), failed.Ended.Count).ShouldBe(("+ -a", 1));
        var waiting = Sets.Pod("a", "", phase: "Pending", ready: false, hash: "new") with { PinnedNode = "n1" };
        Show(DaemonSetDecision.Decide(Facts(DaemonSet(), ["n1"], waiting))).ShouldBe("+ -");
        var shunned = new DaemonSetFacts(DaemonSet(), "new", [new("n1", false, false), new("n2", false, true)], [Sets.Pod("a", "n1"), Sets.Pod("b", "n2")], Sets.Now);
        Show(DaemonSetDecision.Decide(shunned)).ShouldBe("+ -a");
    }

    // Pods a, b, c on nodes n1 to n3: o old, n new, x old but not available, y new but not available, . one that is going.
    [Theory]
    [InlineData("ooo", 1, "a")]
    [InlineData("ooo", 2, "a,b")]
    [InlineData("noo", 1, "b")]
    [InlineData("yoo", 1, "")]
    [InlineData(".oo", 1, "")]
    [InlineData("oxo", 1, "b,a")]
    [InlineData("yxo", 1, "b")]
    [InlineData("nnn", 1, "")]
    public void A_rollout_leaves_no_more_nodes_unserved_than_it_may(string state, int unavailable, string expected)
    {
        var pods = state.Select((c, i) => Sets.Pod(((char)('a' + i)).ToString(), "n" + (i + 1), ready: c is 'o' or 'n', deleting: c == '.', hash: c is 'n' or 'y' ? "new" : "old")).ToArray();
        var set = DaemonSet($$$"""{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":{{{unavailable}}},"maxSurge":0}}""");
        Show(DaemonSetDecision.Decide(Facts(set, ["n1", "n2", "n3"], pods))).ShouldBe("+ -" + expected);
        set["spec"]!["updateStrategy"] = new JsonObject { ["type"] = "OnDelete" };
        Show(DaemonSetDecision.Decide(Facts(set, ["n1", "n2", "n3"], pods))).ShouldBe("+ -");
    }

    [Fact]
    public void A_surge_has_the_new_pod_ready_before_the_old_one_goes()
    {
        var set = DaemonSet("""{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":0,"maxSurge":1}}""");
        var (a, b) = (Sets.Pod("a", "n1", hash: "old"), Sets.Pod("b", "n2", hash: "old"));
        Show(DaemonSetDecision.Decide(Facts(set, ["n1", "n2"], a, b))).ShouldBe("+n1 -");
        Show(DaemonSetDecision.Decide(Facts(set, ["n1", "n2"], a, b, Sets.Pod("c", "n1", ready: false, age: 1, hash: "new")))).ShouldBe("+ -");
        Show(DaemonSetDecision.Decide(Facts(set, ["n1", "n2"], a, b, Sets.Pod("c", "n1", age: 1, hash: "new")))).ShouldBe("+n2 -a");
    }

    [Fact]
    public void The_status_counts_nodes()
    {
        var facts = new DaemonSetFacts(DaemonSet(), "new", [new("n1", true, true), new("n2", true, true), new("n3", true, true), new("n4", false, true)],
            [Sets.Pod("a", "n1", hash: "new"), Sets.Pod("b", "n2", ready: false, hash: "old"), Sets.Pod("d", "n4", hash: "old")], Sets.Now);
        DaemonSetDecision.Status(facts)!.ToJsonString().ShouldBe(
            """{"currentNumberScheduled":2,"numberMisscheduled":1,"desiredNumberScheduled":3,"numberReady":1,"observedGeneration":2,"updatedNumberScheduled":1,"numberAvailable":1,"numberUnavailable":2}""");
    }

    [Fact]
    public void A_template_that_was_there_before_becomes_the_newest_and_the_oldest_are_forgotten()
    {
        var set = DaemonSet();
        var first = DaemonRevisions.Decide(set, [], []);
        first.Creation!.Name().ShouldBe("ds-" + first.Hash);
        first.Creation!.Integer("revision").ShouldBe(1);
        first.Creation.Text("data", "spec", "template", "$patch").ShouldBe("replace");
        var other = Sets.Parse("""{"metadata":{"name":"ds-x","labels":{"controller-revision-hash":"x"}},"data":{},"revision":2}""");
        var older = Sets.Parse("""{"metadata":{"name":"ds-y","labels":{"controller-revision-hash":"y"}},"data":{"a":1},"revision":0}""");
        var back = DaemonRevisions.Decide(set, [first.Creation!, other, older], []);
        (back.Creation, back.Renumbered!.Value.Number, back.Hash).ShouldBe((null, 3, first.Hash));
        back.Deletions.Select(d => d.Name()).ShouldBe(["ds-y"]);
        DaemonRevisions.Decide(set, [first.Creation!, other, older], [Sets.Pod("p", hash: "y")]).Deletions.Select(d => d.Name()).ShouldBe(["ds-x"]);
    }
}
