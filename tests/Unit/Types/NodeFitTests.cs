using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Types;

public sealed class NodeFitTests
{
    private static readonly Dictionary<string, string> Fitting = new()
    {
        [Labels.Schedulable] = "true",
        [Labels.Arch] = "amd64",
        [Labels.MachineTypePrefix + "pc-q35-10.0"] = "true",
        [Labels.CpuModelPrefix + "Nehalem"] = "true",
        ["disk"] = "fast",
    };

    private static readonly NodeFitFacts Good = new()
    {
        Node = new Node
        {
            Metadata = new ObjectMeta { Name = "node02", Labels = Fitting },
            Status = new NodeStatus
            {
                Allocatable = new Dictionary<string, string> { ["cpu"] = "2", ["memory"] = "1Gi" },
                Conditions = [new Condition { Type = "Ready", Status = "True" }],
            },
        },
        SourceNode = "node01",
        Selector = Fitting,
        Requests = new Dictionary<string, string> { ["cpu"] = "100m", ["memory"] = "512Mi" },
    };

    [Fact]
    public void A_node_with_all_that_is_asked_for_fits() => NodeFit.Judge(Good).ShouldBeEmpty();

    [Theory]
    [InlineData("In", "fast", null)]
    [InlineData("In", "slow", "nodeAffinity wants disk=slow")]
    [InlineData("NotIn", "fast", "nodeAffinity wants disk!=fast")]
    [InlineData("Exists", null, null)]
    [InlineData("DoesNotExist", null, "nodeAffinity wants !disk")]
    public void Required_node_affinity_counts(string @operator, string? value, string? reason) =>
        NodeFit.Judge(Good with { Affinity = OfNodes(Term("disk", @operator, value)) }).ShouldBe(reason is null ? [] : [reason]);

    [Fact]
    public void One_of_the_terms_of_node_affinity_is_enough_and_an_empty_one_holds_nowhere()
    {
        NodeFit.Judge(Good with { Affinity = OfNodes(Term("disk", "In", "slow"), Term("disk", "In", "fast")) }).ShouldBeEmpty();
        NodeFit.Judge(Good with { Affinity = OfNodes(new NodeSelectorTerm()) }).ShouldHaveSingleItem();
        var byName = new NodeSelectorTerm { MatchFields = [new() { Key = "metadata.name", Operator = "NotIn", Values = ["node02"] }] };
        NodeFit.Judge(Good with { Affinity = OfNodes(byName) }).ShouldBe(["nodeAffinity wants metadata.name!=node02"]);
    }

    [Theory]
    [InlineData("shop", "web", "node02", true)]
    [InlineData("shop", "web", "node03", false)]
    [InlineData("shop", "db", "node02", false)]
    [InlineData("other", "web", "node02", false)]
    public void A_pod_beside_which_it_may_not_be_or_must_be_counts(string ns, string app, string node, bool beside)
    {
        var other = new PlacedPod(
            new Pod { Metadata = new() { Namespace = ns, Name = "p", Labels = new Dictionary<string, string> { ["app"] = app } } },
            new Dictionary<string, string> { ["host"] = node });
        var term = new PodAffinityTerm { TopologyKey = "host", LabelSelector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "web" } } };
        var facts = Good with
        {
            Node = Good.Node with { Metadata = Good.Node.Metadata with { Labels = new Dictionary<string, string>(Fitting) { ["host"] = "node02" } } },
            Namespace = "shop",
            Others = [other],
        };
        NodeFit.Judge(facts with { Affinity = new() { PodAntiAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = [term] } } })
            .ShouldBe(beside ? ["podAntiAffinity: pod shop/p with app=web is in the same host"] : []);
        NodeFit.Judge(facts with { Affinity = new() { PodAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = [term] } } })
            .ShouldBe(beside ? [] : ["podAffinity wants a pod with app=web in the same host"]);
        var everywhere = term with { NamespaceSelector = new() };
        NodeFit.Judge(facts with { Affinity = new() { PodAntiAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = [everywhere] } } })
            .Count.ShouldBe(app == "web" && node == "node02" ? 1 : 0);
    }

    private static NodeSelectorTerm Term(string key, string @operator, string? value) =>
        new() { MatchExpressions = [new() { Key = key, Operator = @operator, Values = value is null ? null : [value] }] };

    private static Affinity OfNodes(params NodeSelectorTerm[] terms) =>
        new() { NodeAffinity = new() { RequiredDuringSchedulingIgnoredDuringExecution = new() { NodeSelectorTerms = terms } } };

    [Fact]
    public void The_node_that_the_VMI_is_on_is_no_target() =>
        NodeFit.Judge(Good with { SourceNode = "node02" }).ShouldBe(["the VMI runs here"]);

    [Theory]
    [InlineData(Labels.Schedulable, "false", "label kubevirt.io/schedulable is 'false': its virt-handler is silent or has no usable QEMU")]
    [InlineData(Labels.Schedulable, null, "label kubevirt.io/schedulable is missing: its virt-handler is silent or has no usable QEMU")]
    [InlineData(Labels.MachineTypePrefix + "pc-q35-10.0", null, "no machine type pc-q35-10.0")]
    [InlineData(Labels.CpuModelPrefix + "Nehalem", null, "no CPU model Nehalem")]
    [InlineData("disk", "slow", "nodeSelector disk=fast, the node has 'slow'")]
    [InlineData("disk", null, "nodeSelector disk=fast, the node has no such label")]
    public void A_label_that_is_missing_is_named_for_what_it_means(string key, string? value, string reason)
    {
        var labels = new Dictionary<string, string>(Fitting);
        labels.Remove(key);
        if (value is not null)
        {
            labels[key] = value;
        }

        NodeFit.Judge(Good with { Node = Good.Node with { Metadata = Good.Node.Metadata with { Labels = labels } } }).ShouldBe([reason]);
    }

    [Fact]
    public void A_cordoned_node_is_told_as_such_once()
    {
        var cordoned = new NodeSpec
        {
            Unschedulable = true,
            Taints = [new Taint { Key = "node.kubernetes.io/unschedulable", Effect = "NoSchedule" }],
        };
        NodeFit.Judge(Good with { Node = Good.Node with { Spec = cordoned } }).ShouldBe(["cordoned (remedy: kubectl uncordon node02)"]);
    }

    [Theory]
    [InlineData("NoSchedule", null, null, null, false)]
    [InlineData("NoExecute", null, null, null, false)]
    [InlineData("PreferNoSchedule", null, null, null, true)]
    [InlineData("NoSchedule", "k", "Exists", null, true)]
    [InlineData("NoSchedule", null, "Exists", null, true)]
    [InlineData("NoSchedule", "k", "Equal", "v", true)]
    [InlineData("NoSchedule", "k", "Equal", "w", false)]
    [InlineData("NoSchedule", "other", "Exists", null, false)]
    public void A_taint_keeps_off_who_does_not_tolerate_it(string effect, string? key, string? @operator, string? value, bool fits)
    {
        var facts = Good with
        {
            Node = Good.Node with { Spec = new NodeSpec { Taints = [new Taint { Key = "k", Value = "v", Effect = effect }] } },
            Tolerations = @operator is null ? [] : [new Toleration { Key = key, Operator = @operator, Value = value }],
        };
        NodeFit.Judge(facts).ShouldBe(fits ? [] : [$"taint k=v:{effect} is not tolerated"]);
    }

    [Fact]
    public void Room_is_what_the_pods_there_leave()
    {
        var used = new Dictionary<string, string> { ["cpu"] = "1950m", ["memory"] = "512Mi" };
        NodeFit.Judge(Good with { Used = [used] }).ShouldBe(["cpu: 100m wanted, 50m free of 2"]);
        NodeFit.Judge(Good with { Used = [used, used] }).ShouldBe(["cpu: 100m wanted, 0 free of 2", "memory: 512Mi wanted, 0 free of 1Gi"]);
    }

    [Fact]
    public void A_silent_kubelet_is_no_target()
    {
        var status = Good.Node.Status! with { Conditions = [new Condition { Type = "Ready", Status = "Unknown", Reason = "NodeStatusUnknown" }] };
        NodeFit.Judge(Good with { Node = Good.Node with { Status = status } }).ShouldBe(["not ready: NodeStatusUnknown"]);
    }
}
