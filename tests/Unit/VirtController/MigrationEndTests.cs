using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class MigrationEndTests
{
    private static MigrationFacts Facts(string phase, VirtualMachineInstance? vmi = null, Pod? target = null, bool deleting = true) => new()
    {
        Migration = Given.Migration(phase, deleting: deleting),
        Vmi = vmi ?? Given.RunningVmi(),
        TargetPod = target,
        UnfinishedPods = 1,
        Wall = Given.Now,
    };

    [Theory]
    [InlineData("", false)]
    [InlineData("Pending", false)]
    [InlineData("Pending", true)]
    [InlineData("Scheduling", true)]
    [InlineData("Scheduled", true)]
    public void Before_the_hand_off_a_cancel_only_takes_the_pod_away(string phase, bool pod)
    {
        var plan = MigrationDecisions.Decide(Facts(phase, target: pod ? Given.TargetPod() : null));
        plan.Migration.Status!.Phase.ShouldBe("Failed");
        plan.Migration.Status.Conditions.IsTrue("migrationAbortRequested").ShouldBeTrue();
        plan.DeleteTargetPod.ShouldBe(pod);
        plan.Vmi.ShouldBeNull();
        plan.Events.Select(planned => planned.Message).ShouldBe(pod
            ? ["migration canceled and pod default/virt-launcher-target-uid is deleted", "Migration failed due to being canceled"]
            : ["Migration failed due to being canceled"]);
    }

    [Theory]
    [InlineData("Scheduled")]
    [InlineData("PreparingTarget")]
    [InlineData("TargetReady")]
    [InlineData("Running")]
    public void After_the_hand_off_the_agents_are_asked_to_abort(string phase)
    {
        var plan = MigrationDecisions.Decide(Facts(phase, Given.Migrating(), Given.TargetPod()));
        plan.Vmi!.Status!.MigrationState!.AbortRequested.ShouldBe(true);
        plan.Vmi.Status.MigrationState.Completed.ShouldBeNull();
        plan.Events.Single().Message.ShouldBe("Migration is ready to be canceled by virt-handler.");
        plan.Migration.Status!.Phase.ShouldBe(phase);
        plan.Again.ShouldBe(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void An_abort_that_nobody_answers_is_carried_out_only_if_nothing_was_sent()
    {
        var late = Given.Now + MigrationCancel.AgentDeadline + TimeSpan.FromSeconds(1);
        var asked = Facts("TargetReady", Given.Migrating(state => state with { AbortRequested = true }), Given.TargetPod());
        MigrationDecisions.Decide(asked).Vmi.ShouldBeNull();
        var state = MigrationDecisions.Decide(asked with { Wall = late }).Vmi!.Status!.MigrationState!;
        (state.AbortStatus, state.Completed, state.Failed).ShouldBe(("Succeeded", true, true));
        var sending = Facts(
            "Running",
            Given.Migrating(state => state with { AbortRequested = true, StartTimestamp = Given.Now }),
            Given.TargetPod());
        MigrationDecisions.Decide(sending with { Wall = late }).Vmi.ShouldBeNull();
    }

    [Fact]
    public void After_the_commit_a_cancel_comes_too_late()
    {
        var plan = MigrationDecisions.Decide(Facts("Running", Given.Migrating(owner: "target-uid"), Given.TargetPod()));
        plan.Vmi.ShouldBeNull();
        plan.Migration.Status!.Phase.ShouldBe("Running");
    }

    [Fact]
    public void In_post_copy_a_cancel_answers_that_it_cannot_and_why_and_the_migration_goes_on()
    {
        var migrating = Given.Migrating(state => state with { Mode = MigrationModes.PostCopy }, owner: "target-uid");
        var plan = MigrationDecisions.Decide(Facts("Running", migrating, Given.TargetPod()));
        var state = plan.Vmi!.Status!.MigrationState!;
        (state.AbortRequested, state.AbortStatus, state.Failed).ShouldBe((true, "Failed", null));
        plan.Vmi.Status.OwnerPodUID.ShouldBe("target-uid");
        plan.Events.Single().ShouldSatisfyAllConditions(
            planned => planned.Reason.ShouldBe("FailedAbortMigration"),
            planned => planned.Message.ShouldContain("it is in post-copy"));
        plan.Migration.Status!.Phase.ShouldBe("Running");
        MigrationDecisions.Decide(Facts("Running", plan.Vmi, Given.TargetPod())).Events.ShouldBeEmpty();
    }

    [Fact]
    public void An_aborted_migration_has_failed()
    {
        var vmi = Given.Migrating(state => state with
        {
            AbortRequested = true,
            AbortStatus = "Succeeded",
            Completed = true,
            Failed = true,
            FailureReason = "Live migration has been aborted",
        });
        var plan = MigrationDecisions.Decide(Facts("Running", vmi, Given.TargetPod()));
        // The condition is noted first, the end at the next look.
        plan = MigrationDecisions.Decide(Facts("Running", vmi, Given.TargetPod()) with { Migration = plan.Migration });
        plan.Migration.Status!.Phase.ShouldBe("Failed");
        plan.Migration.Status.MigrationState!.AbortStatus.ShouldBe("Succeeded");
        plan.Events.Single().Message.ShouldBe("Migration failed due to being canceled");
    }

    [Fact]
    public void A_failed_migration_leaves_nothing_behind()
    {
        var failed = Given.Migrating(state => state with { Completed = true, Failed = true });
        var first = MigrationDecisions.Decide(Facts("Failed", failed, Given.TargetPod()));
        first.DeleteTargetPod.ShouldBeTrue();
        first.DeleteCredentials.ShouldBeTrue();
        first.Migration.Metadata.Finalizers.ShouldBe([Finalizers.Migration]);
        var then = MigrationDecisions.Decide(Facts("Failed", failed));
        then.Migration.Metadata.Finalizers.ShouldBeEmpty();
        then.Vmi!.Metadata.Label(Labels.MigrationTargetNodeName).ShouldBeNull();
    }

    [Fact]
    public void A_target_pod_is_removed_even_where_no_finalizer_holds_the_migration()
    {
        var failed = Given.Migrating(state => state with { Completed = true, Failed = true });
        var facts = Facts("Failed", failed, Given.TargetPod(), deleting: false);
        facts = facts with { Migration = facts.Migration with { Metadata = facts.Migration.Metadata with { Finalizers = null } } };
        MigrationDecisions.Decide(facts).DeleteTargetPod.ShouldBeTrue();
    }

    [Fact]
    public void A_dead_nodes_pod_does_not_hold_it_up_for_ever()
    {
        var failed = Given.Migrating(state => state with { Completed = true, Failed = true });
        MigrationDecisions.Decide(Facts("Failed", failed, Given.TargetPod()) with { Wall = Given.Now.AddSeconds(61) })
            .Migration.Metadata.Finalizers.ShouldBeEmpty();
    }

    [Fact]
    public void A_succeeded_migration_is_settled_at_once()
    {
        var vmi = Given.Migrating(
            state => state with { Completed = true, PauseMs = 34.2, Transfer = new MigrationTransfer { Percent = 100 } }, "target-uid");
        var plan = MigrationDecisions.Decide(Facts("Succeeded", vmi, Given.TargetPod(), deleting: false));
        plan.Migration.Metadata.Finalizers.ShouldBeEmpty();
        plan.DeleteTargetPod.ShouldBeFalse();
        plan.DeleteCredentials.ShouldBeTrue();
        plan.Migration.Status!.Summary.ShouldBe(new MigrationSummary
        {
            Source = "node01",
            Target = "node02",
            Progress = "100%",
            Rate = "",
            Eta = "",
            Pause = "34ms",
        });
    }

    [Fact]
    public void The_newest_five_ended_migrations_are_kept()
    {
        var siblings = Enumerable.Range(0, 8)
            .Select(i => Given.Migration("Succeeded", $"m{i}"))
            .Select((migration, i) => migration with { Metadata = migration.Metadata with { CreationTimestamp = Given.Now.AddMinutes(i) } })
            .ToList();
        MigrationDecisions.Decide(Facts("Succeeded", deleting: false) with { Siblings = siblings })
            .DeleteMigrations.Select(migration => migration.Metadata.Uid).ShouldBe(["m2", "m1", "m0"]);
    }
}
