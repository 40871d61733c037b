using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class MigrationLimitsTests
{
    private static MigrationLimits.Candidate Candidate(string uid, string phase, string node, string? priority = null, bool pod = false)
    {
        var migration = Given.Migration(phase, uid);
        return new MigrationLimits.Candidate(
            migration with { Spec = migration.Spec! with { Priority = priority } }, node, pod);
    }

    private static bool HasSlot(string uid, params MigrationLimits.Candidate[] candidates) =>
        MigrationLimits.HasSlot(uid, candidates, MigrationSettings.Default with { ParallelMigrationsPerCluster = 3 });

    [Fact]
    public void A_cluster_runs_so_many_at_once() => HasSlot(
        "d",
        Candidate("a", "Running", "n1"),
        Candidate("b", "Scheduling", "n2"),
        Candidate("c", "Pending", "n3", pod: true),
        Candidate("d", "Pending", "n4")).ShouldBeFalse();

    [Fact]
    public void A_node_sends_so_many_at_once()
    {
        var running = new[] { Candidate("a", "Running", "n1"), Candidate("b", "Running", "n1") };
        HasSlot("c", [.. running, Candidate("c", "Pending", "n1")]).ShouldBeFalse();
        HasSlot("c", [.. running, Candidate("c", "Pending", "n2")]).ShouldBeTrue();
    }

    [Fact]
    public void The_last_place_goes_to_the_higher_priority_then_to_the_older()
    {
        var busy = new[] { Candidate("a", "Running", "n1"), Candidate("b", "Running", "n2") };
        var user = Candidate("u", "Pending", "n3");
        var drain = Candidate("x", "Pending", "n4", "system-critical");
        HasSlot("u", [.. busy, user, drain]).ShouldBeFalse();
        HasSlot("x", [.. busy, user, drain]).ShouldBeTrue();
        HasSlot("u", [.. busy, user, Candidate("v", "Pending", "n4")]).ShouldBeTrue();
        HasSlot("v", [.. busy, user, Candidate("v", "Pending", "n4")]).ShouldBeFalse();
    }

    [Fact]
    public void A_full_node_does_not_hold_up_the_others() => HasSlot(
        "z",
        Candidate("a", "Running", "n1"),
        Candidate("b", "Running", "n1"),
        Candidate("c", "Pending", "n1", "system-critical"),
        Candidate("z", "Pending", "n2")).ShouldBeTrue();

    private static readonly MigrationConfiguration One = MigrationSettings.Default with { ParallelInboundMigrationsPerNode = 1 };

    private static MigrationLimits.Candidate Arriving(string uid, string phase, string? target, int second = 0) =>
        Candidate(uid, phase, "n1", pod: true) with { TargetNode = target, TargetSince = Given.Now.AddSeconds(second) };

    [Fact]
    public void A_node_is_full_when_as_many_pods_are_bound_to_it_as_may()
    {
        var candidates = new[] { Arriving("a", "Running", "n2"), Arriving("b", "Scheduling", "n3"), Arriving("c", "Scheduling", null) };
        MigrationLimits.FullNodes(candidates, One).ShouldBe(["n2", "n3"], ignoreOrder: true);
        MigrationLimits.FullNodes(candidates, MigrationSettings.Default).ShouldBeEmpty();
        MigrationLimits.FullNodes([.. candidates, Arriving("d", "Scheduled", "n2")], MigrationSettings.Default).ShouldBe(["n2"]);
    }

    [Theory]
    [InlineData("n2,n3", "n2,n3", 2, true)]
    [InlineData("n2,n3", "n2", 2, false)]
    [InlineData("", "n2", 2, false)]
    [InlineData("n2", "", 0, true)]
    public void A_migration_waits_only_while_every_possible_target_is_full(string possible, string full, long limit, bool waits) =>
        MigrationLimits.AllFull(
            possible.Split(',', StringSplitOptions.RemoveEmptyEntries),
            full.Split(',', StringSplitOptions.RemoveEmptyEntries).ToHashSet(),
            MigrationSettings.Default with { ParallelInboundMigrationsPerNode = limit }).ShouldBe(waits);

    [Fact]
    public void Places_of_a_node_go_to_pods_in_the_order_of_their_creation_after_those_that_arrive_already()
    {
        bool Slot(string uid, params MigrationLimits.Candidate[] all) => MigrationLimits.HasInboundSlot(uid, all, One);
        var first = Arriving("z", "Scheduling", "n2", 1);
        var second = Arriving("a", "Scheduled", "n2", 2);
        Slot("z", first, second).ShouldBeTrue();
        Slot("a", first, second).ShouldBeFalse();
        Slot("a", second, Arriving("b", "Scheduled", "n3")).ShouldBeTrue();
        Slot("z", first, Arriving("a", "Running", "n2", 2)).ShouldBeFalse();
        Slot("x", Arriving("x", "Scheduling", null), first).ShouldBeTrue();
    }

    [Fact]
    public void A_migration_whose_targets_are_full_makes_no_pod_and_one_whose_node_became_full_is_not_handed_over()
    {
        var facts = new MigrationFacts
        {
            Migration = Given.Migration("Pending"),
            Vmi = Given.RunningVmi(),
            OwnerPod = Given.Pod("source-uid"),
            UnfinishedPods = 1,
            AllTargetsFull = true,
            Wall = Given.Now,
        };
        var waiting = MigrationDecisions.Decide(facts);
        waiting.CreateTargetPod.ShouldBeFalse();
        waiting.Migration.Status!.Conditions.Find(Conditions.MigrationWaiting)!.Message.ShouldBe(
            "as many migrations as may arrive at every node that could take the VMI: 2 at one node");

        var scheduled = facts with { Migration = Given.Migration("Scheduled"), TargetPod = Given.TargetPod(), AllTargetsFull = false, HasInboundSlot = false };
        var held = MigrationDecisions.Decide(scheduled);
        held.Migration.Status!.Phase.ShouldBe("Scheduled");
        held.Vmi.ShouldBeNull();
        held.Migration.Status.Conditions.Find(Conditions.MigrationWaiting)!.Message.ShouldBe("as many migrations as may arrive at node node02: 2");
        held.Again.ShouldBeNull();

        var released = MigrationDecisions.Decide(scheduled with { Migration = held.Migration, HasInboundSlot = true });
        released.Migration.Status!.Phase.ShouldBe("PreparingTarget");
        released.Migration.Status.Conditions.Find(Conditions.MigrationWaiting).ShouldBeNull();
    }
}
