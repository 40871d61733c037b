using Godwit.LocalCluster.Objects;
using Godwit.LocalCluster.Scheduling;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.LocalCluster.Scheduling;

public sealed class SchedulingDecisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void The_emptier_node_is_chosen() =>
        Decide(Pod("p", memory: "1Gi"), Node("n1", [Pod("x", memory: "2Gi")]), Node("n2")).Node.ShouldBe("n2");

    [Fact]
    public void Of_equal_nodes_the_choice_is_always_the_same() => Decide(Pod("p"), Node("n2"), Node("n1")).Node.ShouldBe("n1");

    [Fact]
    public void Each_reason_is_counted_in_the_schedulers_words()
    {
        var pod = Pod("p", memory: "3Gi");
        pod = WithAnti(pod, "app", "vm");
        var verdict = Decide(pod, Node("n1", [Pod("x", memory: "2Gi")]), Node("n2", [Labelled(Pod("y"), "app", "vm")]));
        verdict.Node.ShouldBeNull();
        verdict.Message.ShouldBe(
            "0/2 nodes are available: 1 Insufficient memory, 1 node(s) didn't match pod anti-affinity rules. "
            + "preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.");
    }

    [Fact]
    public void More_than_any_node_has_cannot_be_helped_by_preemption() =>
        Decide(Pod("p", memory: "100Gi"), Node("n1"), Node("n2")).Message.ShouldBe(
            "0/2 nodes are available: 2 Insufficient memory. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.");

    [Fact]
    public void An_extended_resource_that_no_node_has_is_insufficient()
    {
        var pod = Pod("p");
        pod.Spec.Containers[0] = pod.Spec.Containers[0] with { Resources = new() { Limits = new() { ["example.com/gpu"] = "1" } } };
        Decide(pod, Node("n1")).Message.ShouldStartWith("0/1 nodes are available: 1 Insufficient example.com/gpu.");
    }

    [Fact]
    public void Cordoned_and_tainted_nodes_take_only_who_tolerates_it()
    {
        var cordoned = Node("n1");
        cordoned = cordoned with { Node = cordoned.Node with { Spec = new() { Unschedulable = true } } };
        var tainted = Node("n2");
        tainted = tainted with { Node = tainted.Node with { Spec = new() { Taints = [new() { Key = "k", Value = "v", Effect = "NoSchedule" }] } } };
        Decide(Pod("p"), cordoned, tainted).Message.ShouldStartWith(
            "0/2 nodes are available: 1 node(s) had untolerated taint {k: v}, 1 node(s) were unschedulable.");
        var tolerant = Pod("p");
        tolerant = tolerant with { Spec = tolerant.Spec with { Tolerations = [new() { Key = "k", Operator = "Equal", Value = "v", Effect = "NoSchedule" }] } };
        Decide(tolerant, cordoned, tainted).Node.ShouldBe("n2");
    }

    [Fact]
    public void A_node_selector_must_match()
    {
        var pod = Pod("p");
        pod = pod with { Spec = pod.Spec with { NodeSelector = new() { ["kubernetes.io/hostname"] = "n2" } } };
        Decide(pod, Node("n1"), Node("n2")).Node.ShouldBe("n2");
        Decide(pod, Node("n1")).Message.ShouldStartWith("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.");
    }

    [Fact]
    public void Those_who_are_there_may_refuse_a_newcomer() =>
        Decide(Labelled(Pod("p"), "app", "vm"), Node("n1", [WithAnti(Pod("x"), "app", "vm")])).Message.ShouldContain(
            "node(s) didn't satisfy existing pods anti-affinity rules");

    [Fact]
    public void The_first_of_a_group_that_wants_company_may_begin_it()
    {
        var pod = Labelled(Pod("p"), "app", "g");
        pod = pod with { Spec = pod.Spec with { Affinity = new() { PodAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = [Term("app", "g")] } } } };
        Decide(pod, Node("n1"), Node("n2")).Node.ShouldBe("n1");
        Decide(pod, Node("n1"), Node("n2", [Labelled(Pod("x"), "app", "g")])).Node.ShouldBe("n2");
    }

    [Fact]
    public void A_volume_that_is_on_another_node_is_a_conflict()
    {
        var volume = new PersistentVolume { Spec = new() { NodeAffinity = new() { Required = Hostname("n2") } } };
        var claim = new PersistentVolumeClaim { Metadata = new() { Name = "c" }, Status = new() { Phase = "Bound" } };
        var facts = new SchedulingFacts(Pod("p"), [Node("n1")]) { Claims = [new("c", claim, volume, true)] };
        SchedulingDecision.Decide(facts).Message.ShouldContain("1 node(s) had volume node affinity conflict");
        SchedulingDecision.Decide(facts with { Nodes = [Node("n1"), Node("n2")] }).Node.ShouldBe("n2");
    }

    [Fact]
    public void A_claim_that_is_missing_is_named() =>
        SchedulingDecision.Decide(new SchedulingFacts(Pod("p"), [Node("n1")]) { Claims = [new("data", null, null, false)] }).Message
            .ShouldContain("persistentvolumeclaim \"data\" not found");

    [Fact]
    public void Without_nodes_there_is_nothing_to_count() => Decide(Pod("p")).Message.ShouldBe("no nodes available to schedule pods");

    [Fact]
    public void An_init_container_that_needs_more_than_the_rest_sets_the_request()
    {
        var pod = Pod("p", memory: "1Gi");
        pod = pod with { Spec = pod.Spec with { InitContainers = [new() { Name = "i", Resources = new() { Requests = new() { ["memory"] = "3Gi", ["cpu"] = "100m" } } }] } };
        ResourceSum.OfPod(pod)["memory"].ShouldBe(3L << 30);
        ResourceSum.OfPod(pod)["cpu"].ShouldBe(100);
    }

    [Fact]
    public void A_silent_node_is_tainted_and_a_ready_one_is_freed_of_it()
    {
        var silent = new Node { Status = new() { Conditions = [new() { Type = "Ready", Status = "Unknown" }] } };
        var taints = TaintDecision.Taints(silent, Now);
        taints.Select(t => (t.Key, t.Effect)).ShouldBe([(TaintDecision.Unreachable, "NoSchedule"), (TaintDecision.Unreachable, "NoExecute")]);
        var back = new Node
        {
            Spec = new() { Taints = [.. taints, new() { Key = "mine", Effect = "NoSchedule" }] },
            Status = new() { Conditions = [new() { Type = "Ready", Status = "True" }] },
        };
        TaintDecision.Taints(back, Now).Select(t => t.Key).ShouldBe(["mine"]);
    }

    [Fact]
    public void A_pod_leaves_a_tainted_node_when_its_toleration_ends()
    {
        var node = new Node { Spec = new() { Taints = [new() { Key = "k", Effect = "NoExecute", TimeAdded = Now }] } };
        var pod = Pod("p");
        TaintDecision.LeavesAt(pod, node, Now).ShouldBe(Now);
        var patient = pod with { Spec = pod.Spec with { Tolerations = [new() { Key = "k", Operator = "Exists", TolerationSeconds = 60 }] } };
        TaintDecision.LeavesAt(patient, node, Now).ShouldBe(Now.AddSeconds(60));
        var steadfast = pod with { Spec = pod.Spec with { Tolerations = [new() { Operator = "Exists" }] } };
        TaintDecision.LeavesAt(steadfast, node, Now).ShouldBeNull();
    }

    private static Verdict Decide(Pod pod, params NodeState[] nodes) =>
        SchedulingDecision.Decide(new SchedulingFacts(pod, [.. nodes.OrderBy(n => n.Name, StringComparer.Ordinal)]));

    private static NodeState Node(string name, IReadOnlyList<Pod>? pods = null) => new(
        new Node
        {
            Metadata = new() { Name = name, Labels = new() { ["kubernetes.io/hostname"] = name } },
            Status = new() { Allocatable = new() { ["cpu"] = "2", ["memory"] = "4Gi", ["pods"] = "110" } },
        },
        pods ?? []);

    private static Pod Pod(string name, string? memory = null) => new()
    {
        Metadata = new() { Name = name, Namespace = "n", Uid = name },
        Spec = new() { Containers = [new() { Name = "c", Resources = memory is null ? null : new() { Requests = new() { ["memory"] = memory } } }] },
    };

    private static Pod Labelled(Pod pod, string key, string value) => pod with { Metadata = pod.Metadata with { Labels = new() { [key] = value } } };

    private static PodAffinityTerm Term(string key, string value) =>
        new() { TopologyKey = "kubernetes.io/hostname", LabelSelector = new() { MatchLabels = new() { [key] = value } } };

    private static Pod WithAnti(Pod pod, string key, string value) => pod with
    {
        Spec = pod.Spec with { Affinity = new() { PodAntiAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = [Term(key, value)] } } },
    };

    private static NodeSelector Hostname(string name) => new()
    {
        NodeSelectorTerms = [new() { MatchExpressions = [new() { Key = "kubernetes.io/hostname", Operator = "In", Values = [name] }] }],
    };
}
