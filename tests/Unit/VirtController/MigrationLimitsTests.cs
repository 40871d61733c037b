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
}
