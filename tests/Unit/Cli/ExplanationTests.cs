using System.Text.Json;
using Godwit.Cli.Explain;
using Godwit.Cli.Output;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.Cli;

public sealed class ExplanationTests
{
    private static readonly VirtualMachineInstance Vmi = new()
    {
        Metadata = new ObjectMeta { Name = "vm1", Namespace = "default" },
        Spec = new VirtualMachineInstanceSpec
        {
            NodeSelector = new Dictionary<string, string> { ["disk"] = "fast" },
            Domain = new DomainSpec
            {
                Devices = new DevicesSpec { Interfaces = [new Interface { Name = "default", Masquerade = new EmptyObject() }] },
            },
            Networks = [new Network { Name = "default", Pod = new PodNetwork() }],
        },
        Status = new VirtualMachineInstanceStatus { Phase = VmiPhases.Running, NodeName = "node01", OwnerPodUID = "owner" },
    };

    private static readonly ExplainFacts Facts = new()
    {
        Vmi = Vmi,
        Nodes = [Node("node02", cpu: "1"), Node("node01"), Node("node03", cordoned: true), Node("node04", disk: "slow")],
        Pods = [Pod("owner", "node01", "200m"), Pod("x", "node02", "700m"), Pod("y", "node02", "700m", PodPhases.Succeeded)],
    };

    [Fact]
    public void Every_node_is_judged_as_the_scheduler_would()
    {
        var explanation = Explanations.Of(Facts);
        explanation.Verdict.ShouldBe("default/vm1 can move from node01.");
        explanation.Movable.ShouldBeTrue();
        explanation.Nodes.Select(node => $"{node.Name}: {string.Join("; ", node.Reasons)}").ShouldBe(
        [
            "node01: the VMI runs here",
            "node02: ",
            "node03: cordoned (remedy: kubectl uncordon node03)",
            "node04: nodeSelector disk=fast, the node has 'slow'",
        ]);
    }

    [Fact]
    public void A_node_without_room_is_told_with_what_is_free()
    {
        var explanation = Explanations.Of(Facts with { Pods = [.. Facts.Pods, Pod("z", "node02", "200m")] });
        explanation.Verdict.ShouldBe("default/vm1 could move, but no node fits now.");
        explanation.Movable.ShouldBeFalse();
        explanation.Nodes[1].Reasons.ShouldBe(["cpu: 200m wanted, 100m free of 1"]);
    }

    [Fact]
    public void All_reasons_are_printed_with_their_remedies()
    {
        var pinned = Vmi with
        {
            Spec = Vmi.Spec! with
            {
                Volumes = [new Volume { Name = "v", PersistentVolumeClaim = new ClaimVolume { ClaimName = "c" } }],
                Domain = Vmi.Spec.Domain! with { Features = new FeaturesSpec { HypervPassthrough = new FeatureState { Enabled = true } } },
            },
        };
        var explanation = Explanations.Of(Facts with
        {
            Vmi = pinned,
            ClaimAccessModes = new Dictionary<string, IReadOnlyList<string>> { ["c"] = ["ReadWriteOnce"] },
        });
        explanation.Movable.ShouldBeFalse();
        explanation.Method.ShouldBe("BlockMigration");
        explanation.Reasons.Select(reason => reason.Reason).ShouldBe(["HypervPassthroughNotLiveMigratable", "DisksNotLiveMigratable"]);
        var text = Explanations.Text(explanation);
        text.ShouldStartWith("default/vm1 cannot move:\n  HypervPassthroughNotLiveMigratable: VMI uses hyperv passthrough\n    remedy: name the wanted features");
        text.ShouldContain("    remedy: move the data to a PVC with access mode ReadWriteMany\nmethod: BlockMigration\n\nNODE     FITS   WHY NOT\nnode01   no     the VMI runs here\nnode02   yes    -\n");
        JsonSerializer.Serialize(explanation, CliJson.Default.Explanation).ShouldContain("\"reason\": \"DisksNotLiveMigratable\"");
    }

    [Theory]
    [InlineData("Scheduling", "default/vm1 cannot move: it is Scheduling, not Running.")]
    [InlineData("Failed", "default/vm1 cannot move: it is Failed, not Running.")]
    public void Only_a_running_VMI_can_move(string phase, string verdict)
    {
        var explanation = Explanations.Of(Facts with { Vmi = Vmi with { Status = Vmi.Status! with { Phase = phase } } });
        (explanation.Verdict, explanation.Movable).ShouldBe((verdict, false));
    }

    [Fact]
    public void One_that_is_moving_says_where_to()
    {
        var state = new MigrationState { MigrationUid = "u", TargetNode = "node02" };
        Explanations.Of(Facts with { Vmi = Vmi with { Status = Vmi.Status! with { MigrationState = state } } })
            .Verdict.ShouldBe("default/vm1 is moving to node02 now.");
    }

    private static Node Node(string name, bool cordoned = false, string disk = "fast", string cpu = "8") => new()
    {
        Metadata = new ObjectMeta
        {
            Name = name,
            Labels = new Dictionary<string, string>
            {
                [Labels.Schedulable] = "true",
                [Labels.Arch] = "amd64",
                [Labels.HostModelCpuPrefix + "Nehalem"] = "true",
                ["disk"] = disk,
            },
        },
        Spec = new NodeSpec { Unschedulable = cordoned },
        Status = new NodeStatus { Allocatable = new Dictionary<string, string> { ["cpu"] = cpu } },
    };

    private static Pod Pod(string uid, string node, string cpu, string phase = PodPhases.Running) => new()
    {
        Metadata = new ObjectMeta { Uid = uid },
        Spec = new PodSpec
        {
            NodeName = node,
            Containers =
            [
                new Container { Resources = new ResourceRequirements { Requests = new Dictionary<string, string> { ["cpu"] = cpu } } },
            ],
        },
        Status = new PodStatus { Phase = phase },
    };
}
