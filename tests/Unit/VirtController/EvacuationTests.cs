using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

/// <summary>What a drain taint and a mark do to a VMI, by its eviction strategy.</summary>
public sealed class EvacuationTests
{
    private static readonly Taint Draining = new() { Key = Taints.Drain, Value = "draining", Effect = "NoSchedule" };

    [Theory]
    [InlineData(null, true, false)]
    [InlineData(null, false, false)]
    [InlineData("None", true, false)]
    [InlineData("None", false, false)]
    [InlineData("LiveMigrate", true, true)]
    [InlineData("LiveMigrate", false, false)]
    [InlineData("LiveMigrateIfPossible", true, true)]
    [InlineData("LiveMigrateIfPossible", false, false)]
    [InlineData("External", true, false)]
    [InlineData("External", false, false)]
    public void The_strategy_decides_who_leaves_a_drained_node(string? strategy, bool migratable, bool leaves)
    {
        (Evacuate(Vmi(strategy, migratable), Node(Draining)) is not null).ShouldBe(leaves);
        (Evacuate(Marked(Vmi(strategy, migratable)), Node()) is not null).ShouldBe(leaves);
        Evacuate(Vmi(strategy, migratable), Node()).ShouldBeNull();
    }

    [Fact]
    public void The_clusters_strategy_holds_for_a_VMI_that_was_stored_without_one()
    {
        var vmi = Vmi(null, migratable: true);
        Evacuate(vmi, Node(Draining)).ShouldBeNull();
        Evacuate(vmi, Node(Draining), Given.Cluster with { EvictionStrategy = "LiveMigrate" }).ShouldNotBeNull();
    }

    [Theory]
    [InlineData("kubevirt.io/drain", "NoSchedule", null, true)]
    [InlineData("kubevirt.io/drain", "NoExecute", null, false)]
    [InlineData("kubevirt.io/drain", "PreferNoSchedule", null, false)]
    [InlineData("node.kubernetes.io/unschedulable", "NoSchedule", null, false)]
    [InlineData("node.kubernetes.io/unschedulable", "NoSchedule", "node.kubernetes.io/unschedulable", true)]
    [InlineData("kubevirt.io/drain", "NoSchedule", "node.kubernetes.io/unschedulable", false)]
    public void Key_and_effect_of_the_taint_count_and_its_value_does_not(string key, string effect, string? configured, bool leaves)
    {
        var cluster = Given.Cluster with
        {
            Migrations = Given.Cluster.Migrations with { NodeDrainTaintKey = configured ?? Given.Cluster.Migrations.NodeDrainTaintKey },
        };
        foreach (var value in new[] { null, "", "draining" })
        {
            var migration = Evacuate(
                Vmi("LiveMigrate", migratable: true), Node(new Taint { Key = key, Value = value, Effect = effect }), cluster);
            (migration is not null).ShouldBe(leaves);
        }
    }

    [Fact]
    public void Nobody_leaves_who_is_moving_or_ending_or_has_two_pods()
    {
        Evacuate(Given.Migrating(), Node(Draining)).ShouldBeNull();
        Evacuate(Given.Vmi(VmiPhases.Failed, "node01"), Node(Draining)).ShouldBeNull();
        var deleted = Given.RunningVmi();
        Evacuate(deleted with { Metadata = deleted.Metadata with { DeletionTimestamp = Given.Now } }, Node(Draining)).ShouldBeNull();
        EvacuationDecisions.Decide(Given.RunningVmi(), Node(Draining), [], unfinishedPods: 2, Given.Cluster).ShouldBeNull();
    }

    [Theory]
    [InlineData(null, "system-critical")]
    [InlineData("descheduler", "system-maintenance")]
    public void The_descheduler_asks_for_less_haste(string? source, string priority)
    {
        var vmi = Marked(Vmi("LiveMigrate", migratable: true), source);
        Evacuate(vmi, Node())!.Spec!.Priority.ShouldBe(priority);
    }

    [Fact]
    public void The_condition_comes_and_goes_with_the_mark_and_the_deschedulers_annotation_goes_too()
    {
        var marked = Decide(Marked(Vmi("LiveMigrate", migratable: true), "descheduler"));
        var requested = marked.Status!.Conditions.Find(Conditions.EvictionRequested)!;
        (requested.Status, requested.Reason).ShouldBe(("True", "EvictionRequested"));
        marked.Metadata.Annotation(Annotations.EvictionSource).ShouldBe("descheduler");

        var moved = Decide(marked with { Status = marked.Status with { EvacuationNodeName = null } });
        moved.Status!.Conditions.Find(Conditions.EvictionRequested).ShouldBeNull();
        moved.Metadata.Annotation(Annotations.EvictionSource).ShouldBeNull();
        moved.Metadata.Annotation("mine").ShouldBe("y");
    }

    [Fact]
    public void A_failed_migration_leaves_the_mark_so_that_the_next_one_is_made()
    {
        var vmi = Decide(Marked(Given.Migrating(state => state with { Completed = true, Failed = true })));
        vmi.Status!.Conditions.IsTrue(Conditions.EvictionRequested).ShouldBeTrue();
        EvacuationDecisions.Decide(vmi, Node(), [Given.Migration("Failed")], unfinishedPods: 1, Given.Cluster).ShouldNotBeNull();
    }

    private static VirtualMachineInstanceMigration? Evacuate(VirtualMachineInstance vmi, Node node, ClusterConfiguration? cluster = null) =>
        EvacuationDecisions.Decide(vmi, node, [], unfinishedPods: 1, cluster ?? Given.Cluster);

    private static VirtualMachineInstance Decide(VirtualMachineInstance vmi) =>
        VmiDecisions.Decide(new VmiFacts { Vmi = vmi, Pods = [Given.Pod("source-uid")], Wall = Given.Now }).Vmi;

    private static Node Node(params Taint[] taints) =>
        new() { Metadata = new ObjectMeta { Name = "node01" }, Spec = new NodeSpec { Taints = taints } };

    private static VirtualMachineInstance Vmi(string? strategy, bool migratable)
    {
        var vmi = Given.RunningVmi();
        return vmi with
        {
            Spec = vmi.Spec! with { EvictionStrategy = strategy },
            Status = vmi.Status! with
            {
                Conditions = [new Condition { Type = Conditions.LiveMigratable, Status = migratable ? "True" : "False" }],
            },
        };
    }

    private static VirtualMachineInstance Marked(VirtualMachineInstance vmi, string? source = null) => vmi with
    {
        Metadata = source is null
            ? vmi.Metadata
            : vmi.Metadata with
            {
                Annotations = new Dictionary<string, string> { ["mine"] = "y", [Annotations.EvictionSource] = source },
            },
        Status = vmi.Status! with { EvacuationNodeName = "node01" },
    };
}
