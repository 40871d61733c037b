using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class ClusterRulesTests
{
    private static Node Node(params Taint[] taints) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = "node01",
        },
        Spec = new NodeSpec { Taints = taints },
    };

    private static VirtualMachineInstanceMigration? Evacuate(VirtualMachineInstance vmi, Node? node, params VirtualMachineInstanceMigration[] migrations) =>
        EvacuationDecisions.Decide(vmi, node, migrations, unfinishedPods: 1, Given.Cluster);

    [Fact]
    public void A_drained_node_is_left_by_those_that_can_migrate()
    {
        var drained = Node(new Taint { Key = Taints.Drain, Value = "draining", Effect = "NoSchedule" });
        var migration = Evacuate(Given.RunningVmi(), drained)!;
        migration.Metadata.GenerateName.ShouldBe("kubevirt-evacuation-");
        migration.Metadata.Annotation(Annotations.EvacuationMigration).ShouldBe("node01");
        migration.Spec!.Priority.ShouldBe("system-critical");
        Evacuate(Given.RunningVmi(), Node()).ShouldBeNull();
        Evacuate(Given.RunningVmi(), drained, Given.Migration("Pending")).ShouldBeNull();
        Evacuate(Given.RunningVmi(), drained, Given.Migration("Failed")).ShouldNotBeNull();
        var vmi = Given.RunningVmi();
        Evacuate(vmi with { Spec = vmi.Spec! with { EvictionStrategy = "None" } }, drained).ShouldBeNull();
        Evacuate(vmi with { Status = vmi.Status! with { Conditions = null } }, drained).ShouldBeNull();
        Evacuate(Given.Migrating(), drained).ShouldBeNull();
    }

    [Fact]
    public void A_marked_VMI_leaves_its_node_but_not_another()
    {
        var vmi = Given.RunningVmi();
        Evacuate(vmi with { Status = vmi.Status! with { EvacuationNodeName = "node01" } }, Node()).ShouldNotBeNull();
        Evacuate(vmi with { Status = vmi.Status with { EvacuationNodeName = "node02" } }, Node()).ShouldBeNull();
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(300, false)]
    [InlineData(301, true)]
    public void A_node_is_silent_after_five_minutes(int? seconds, bool silent) =>
        NodeDecisions.IsSilent(seconds is { } s ? TimeSpan.FromSeconds(s) : null).ShouldBe(silent);

    [Fact]
    public void Only_a_guest_without_a_living_pod_is_lost()
    {
        NodeDecisions.IsLost(Given.RunningVmi(), "node01", []).ShouldBeTrue();
        NodeDecisions.IsLost(Given.RunningVmi(), "node01", [Given.Pod("source-uid")]).ShouldBeFalse();
        NodeDecisions.IsLost(Given.Vmi("Failed", "node01"), "node01", []).ShouldBeFalse();
        NodeDecisions.IsLost(Given.RunningVmi(), "node01", [Deleting(Given.Pod("source-uid"))]).ShouldBeFalse("nobody has said that it ended");
        NodeDecisions.IsLost(Given.RunningVmi(), "node01", [Deleting(Ended(Given.Pod("source-uid")))]).ShouldBeTrue();
        NodeDecisions.IsLost(Given.RunningVmi(), "node01", [Given.Forwarder("old")]).ShouldBeTrue("it has no guest");
        var lost = NodeDecisions.Lost(Given.RunningVmi(), Given.Now);
        (lost.Status!.Phase, lost.Status.Reason).ShouldBe(("Failed", "NodeUnresponsive"));
    }

    private static Pod Deleting(Pod pod) => pod with { Metadata = pod.Metadata with { DeletionTimestamp = Given.Now } };

    private static Pod Ended(Pod pod) => pod with
    {
        Status = pod.Status! with
        {
            ContainerStatuses = [new ContainerStatus { Name = "compute", State = new ContainerState { Terminated = new ContainerStateTerminated { ExitCode = 0 } } }],
        },
    };

    [Fact]
    public void Only_a_node_that_left_or_was_declared_off_is_gone()
    {
        NodeDecisions.IsGone(null).ShouldBeTrue();
        NodeDecisions.IsGone(Node()).ShouldBeFalse();
        NodeDecisions.IsGone(Node(new Taint { Key = "node.kubernetes.io/out-of-service" })).ShouldBeTrue();
    }

    [Fact]
    public void Settings_that_cannot_be_read_show_on_the_installation_until_they_are_mended()
    {
        var bad = InstallationDecisions.Decide(new KubeVirt(), "0.1.0", new([], []), ["migrations: x"], Given.Now);
        var condition = bad.Status!.Conditions.Find("ConfigurationInvalid")!;
        (condition.Status, condition.Reason).ShouldBe(("True", "InvalidConfiguration"));
        condition.Message.ShouldBe(
            "ConfigMap kubevirt/kubevirt-config: migrations: x. What held before stays in force; mend it with 'kubectl edit configmap -n kubevirt kubevirt-config'.");
        bad.Status.Conditions.IsTrue("Available").ShouldBeTrue();
        InstallationDecisions.Decide(bad, "0.1.0", new([], []), [], Given.Now).Status!.Conditions.Find("ConfigurationInvalid").ShouldBeNull();
    }

    [Fact]
    public void Bad_settings_are_told_when_they_are_news_and_so_is_their_mending()
    {
        InstallationDecisions.Feedback([], []).ShouldBeNull();
        InstallationDecisions.Feedback(["a"], ["a"]).ShouldBeNull();
        var bad = InstallationDecisions.Feedback([], ["a"])!;
        (bad.Warning, bad.Reason).ShouldBe((true, "InvalidConfiguration"));
        InstallationDecisions.Feedback(["a"], ["b"]).ShouldNotBeNull();
        InstallationDecisions.Feedback(["a"], [])!.Reason.ShouldBe("ConfigurationMended");
    }
}
