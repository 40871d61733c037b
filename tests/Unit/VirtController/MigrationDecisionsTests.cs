using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class MigrationDecisionsTests
{
    private static MigrationFacts Facts(string phase, VirtualMachineInstance? vmi = null, Pod? target = null) => new()
    {
        Migration = Given.Migration(phase),
        Vmi = vmi ?? Given.RunningVmi(),
        OwnerPod = Given.Pod("source-uid"),
        TargetPod = target,
        UnfinishedPods = 1,
        Siblings = [Given.Migration(phase)],
        Wall = Given.Now,
    };

    private static string? Phase(MigrationPlan plan) => plan.Migration.Status?.Phase;

    private static string Failure(MigrationPlan plan)
    {
        Phase(plan).ShouldBe("Failed");
        return plan.Events.Single(planned => planned.Reason == "FailedMigration").Message;
    }

    [Fact]
    public void A_new_migration_is_admitted_and_makes_its_target_pod()
    {
        var plan = MigrationDecisions.Decide(Facts(""));
        Phase(plan).ShouldBe("Pending");
        plan.CreateTargetPod.ShouldBeTrue();
        plan.Migration.Status!.MigrationState!.SourcePod.ShouldBe("virt-launcher-source-uid");
        plan.Migration.Status.Summary!.Source.ShouldBe("node01");
    }

    [Fact]
    public void What_admission_missed_is_made_up_for()
    {
        var facts = Facts("");
        facts = facts with { Migration = facts.Migration with { Metadata = facts.Migration.Metadata with { Finalizers = null } } };
        var migration = MigrationDecisions.Decide(facts).Migration;
        migration.Metadata.Finalizers.ShouldBe([Finalizers.Migration]);
        migration.Metadata.Label(Labels.VmiName).ShouldBe("vmi-fedora");
        migration.Status!.Phase.ShouldBe("Pending");
    }

    [Fact]
    public void It_goes_on_step_by_step()
    {
        Phase(MigrationDecisions.Decide(Facts("Pending", target: Given.TargetPod("Pending")))).ShouldBe("Scheduling");
        Phase(MigrationDecisions.Decide(Facts("Scheduling", target: Given.TargetPod("Pending")))).ShouldBe("Scheduling");
        Phase(MigrationDecisions.Decide(Facts("Scheduling", target: Given.TargetPod()))).ShouldBe("Scheduled");
        Phase(MigrationDecisions.Decide(Facts("Scheduled", target: Given.TargetPod()))).ShouldBe("PreparingTarget");
        Phase(MigrationDecisions.Decide(Facts("PreparingTarget", Given.Migrating(), Given.TargetPod()))).ShouldBe("PreparingTarget");
        Phase(MigrationDecisions.Decide(Facts(
            "PreparingTarget", Given.Migrating(state => state with { TargetNodeAddress = "10.0.0.2" }), Given.TargetPod())))
            .ShouldBe("TargetReady");
        Phase(MigrationDecisions.Decide(Facts("TargetReady", Given.Migrating(), Given.TargetPod()))).ShouldBe("TargetReady");
        Phase(MigrationDecisions.Decide(Facts(
            "TargetReady", Given.Migrating(state => state with { StartTimestamp = Given.Now }), Given.TargetPod())))
            .ShouldBe("Running");
        var done = MigrationDecisions.Decide(Facts(
            "Running", Given.Migrating(state => state with { Completed = true }, "target-uid"), Given.TargetPod()));
        Phase(done).ShouldBe("Succeeded");
        done.Events.Single().Reason.ShouldBe("SuccessfulMigration");
    }

    [Fact]
    public void A_success_waits_a_moment_for_the_sources_last_figures_and_no_longer()
    {
        MigrationPlan After(TimeSpan since, double? downtime) => MigrationDecisions.Decide(Facts(
            "Running",
            Given.Migrating(state => state with { Completed = true, ResumeTimestamp = Given.Now - since, QemuDowntimeMs = downtime }, "target-uid"),
            Given.TargetPod()));

        var early = After(TimeSpan.FromMilliseconds(10), null);
        Phase(early).ShouldBe("Running");
        early.Again.ShouldBe(TimeSpan.FromMilliseconds(990));
        Phase(After(TimeSpan.FromMilliseconds(10), 12)).ShouldBe("Succeeded");
        Phase(After(TimeSpan.FromSeconds(1), null)).ShouldBe("Succeeded");
        Phase(After(TimeSpan.FromHours(-1), null)).ShouldBe("Succeeded", "the target's clock may be ahead by any time");
    }

    [Fact]
    public void The_hand_off_names_both_ends_and_freezes_the_settings()
    {
        var plan = MigrationDecisions.Decide(Facts("Scheduled", target: Given.TargetPod()) with
        {
            Configuration = MigrationSettings.Default with { ProgressTimeout = 7 },
            PolicyName = "gentle",
        });
        var state = plan.Vmi!.Status!.MigrationState!;
        (state.MigrationUid, state.SourceNode, state.SourcePodUID).ShouldBe(("m1", "node01", "source-uid"));
        (state.TargetNode, state.TargetPodUID, state.TargetPod).ShouldBe(("node02", "target-uid", "virt-launcher-target-uid"));
        state.MigrationConfiguration!.ProgressTimeout.ShouldBe(7);
        state.MigrationPolicyName.ShouldBe("gentle");
        plan.Vmi.Metadata.Label(Labels.MigrationTargetNodeName).ShouldBe("node02");
        plan.CreateCredentials.ShouldBeTrue();
        plan.Events.Single().Reason.ShouldBe("SuccessfulHandOver");
        plan.Vmi.Status.OwnerPodUID.ShouldBe("source-uid");
    }

    [Fact]
    public void A_hand_off_that_was_made_is_not_made_again() =>
        MigrationDecisions.Decide(Facts("Scheduled", Given.Migrating(), Given.TargetPod())).Vmi.ShouldBeNull();

    [Fact]
    public void Without_TLS_there_are_no_certificates() =>
        MigrationDecisions.Decide(Facts("Scheduled", target: Given.TargetPod()) with
        {
            Configuration = MigrationSettings.Default with { DisableTLS = true },
        }).CreateCredentials.ShouldBeFalse();

    [Fact]
    public void It_waits_for_a_place_for_leftovers_and_for_the_guest()
    {
        MigrationDecisions.Decide(Facts("Pending") with { HasSlot = false }).CreateTargetPod.ShouldBeFalse();
        MigrationDecisions.Decide(Facts("Pending") with { UnfinishedPods = 2 }).Again.ShouldBeNull();
        MigrationDecisions.Decide(Facts("Pending", Given.Vmi("Scheduled", "node01", "source-uid"))).CreateTargetPod.ShouldBeFalse();
        MigrationDecisions.Decide(Facts("Pending")).CreateTargetPod.ShouldBeTrue();
    }

    [Fact]
    public void What_it_waits_for_is_told_once_and_taken_back()
    {
        var facts = Facts("Pending") with { UnfinishedPods = 2 };
        var first = MigrationDecisions.Decide(facts);
        first.Events.Single().Message.ShouldBe("a launcher pod of the VMI's last move has not ended yet");
        first.Migration.Status!.Conditions.IsTrue(Conditions.MigrationWaiting).ShouldBeTrue();
        MigrationDecisions.Decide(facts with { Migration = first.Migration }).Events.ShouldBeEmpty();
        MigrationDecisions.Decide(facts with { Migration = first.Migration, UnfinishedPods = 1 })
            .Migration.Status!.Conditions.ShouldBeNull();
    }

    [Fact]
    public void Two_at_a_time_are_one_too_many()
    {
        var other = Given.Migration("Running", "m0");
        var vmi = Given.Migrating(state => state with { MigrationUid = "m0" });
        Failure(MigrationDecisions.Decide(Facts("", vmi) with { Siblings = [other, Given.Migration()] }))
            .ShouldBe("VMI is not eligible for migration because another migration job is in progress.");
        Phase(MigrationDecisions.Decide(Facts("", Given.Migrating(state => state with { MigrationUid = "gone" }))))
            .ShouldBe("Pending");
    }

    [Fact]
    public void What_ends_it_badly_is_said()
    {
        Failure(MigrationDecisions.Decide(Facts("Running", Given.Vmi("Failed"), Given.TargetPod())))
            .ShouldBe("Migration failed vmi shutdown during migration.");
        Failure(MigrationDecisions.Decide(Facts("Running", Given.RunningVmi(), Given.TargetPod())))
            .ShouldContain("state was cleared");
        Failure(MigrationDecisions.Decide(Facts("Scheduling"))).ShouldContain("removed during active migration");
        Failure(MigrationDecisions.Decide(Facts(
            "Running", Given.Migrating(state => state with { Completed = true, Failed = true, FailureReason = "no route" }))))
            .ShouldBe("source node reported migration failed: no route");
    }

    [Fact]
    public void A_target_that_dies_fails_the_VMIs_state_too()
    {
        var plan = MigrationDecisions.Decide(Facts("Running", Given.Migrating(), Given.TargetPod("Failed")));
        Failure(plan).ShouldStartWith("Migration failed because target pod shutdown during migration");
        var state = plan.Vmi!.Status!.MigrationState!;
        (state.AbortRequested, state.Completed, state.Failed, state.FailureReason).ShouldBe((null, true, true, "Target pod is down"));
        state.StartTimestamp.ShouldBe(Given.Now);
        plan.Vmi.Status.OwnerPodUID.ShouldBe("source-uid");
    }

    [Fact]
    public void After_the_commit_the_targets_end_is_not_decided_here()
    {
        var plan = MigrationDecisions.Decide(Facts("Running", Given.Migrating(owner: "target-uid"), Given.TargetPod("Failed")));
        Phase(plan).ShouldBe("Running");
        plan.Vmi.ShouldBeNull();
    }

    [Fact]
    public void The_guest_goes_back_when_the_targets_node_is_gone_before_it_ran_there()
    {
        var facts = Facts("Running", Given.Migrating(owner: "target-uid"), Given.TargetPod()) with { TargetNodeGone = true };
        var plan = MigrationDecisions.Decide(facts);
        Phase(plan).ShouldBe("Failed");
        plan.Vmi!.Status!.OwnerPodUID.ShouldBe("source-uid");
        plan.Vmi.Status.NodeName.ShouldBe("node01");
        plan.Vmi.Metadata.Label(Labels.NodeName).ShouldBe("node01");
        plan.Vmi.Status.MigrationState!.Failed.ShouldBe(true);

        var resumed = Given.Migrating(state => state with { ResumeTimestamp = Given.Now }, "target-uid");
        MigrationDecisions.Decide(facts with { Vmi = resumed }).Vmi.ShouldBeNull();
        MigrationDecisions.Decide(facts with { Vmi = Given.Migrating() }).Vmi?.Status?.OwnerPodUID.ShouldBe("source-uid");
        MigrationDecisions.Decide(facts with { TargetNodeGone = false }).Vmi.ShouldBeNull();
    }

    [Fact]
    public void Without_its_VMI_it_is_released_and_removed()
    {
        var plan = MigrationDecisions.Decide(Facts("Running") with { Vmi = null });
        Phase(plan).ShouldBe("Failed");
        plan.Migration.Metadata.Finalizers.ShouldBeEmpty();
        plan.DeleteMigrations.Count.ShouldBe(1);
        plan.DeleteCredentials.ShouldBeTrue();
    }

    [Fact]
    public void An_agent_that_does_nothing_is_not_waited_for_for_ever()
    {
        var facts = Facts("PreparingTarget", Given.Migrating(), Given.TargetPod());
        Failure(MigrationDecisions.Decide(facts with { Wall = Given.Now.AddSeconds(301) }))
            .ShouldContain("the agent of node02 has not prepared the target within 300 s");
        var stepped = MigrationDecisions.Decide(facts with { Wall = Given.Stepped });
        (Phase(stepped), stepped.Again).ShouldBe(("PreparingTarget", TimeSpan.FromSeconds(299)), "a step of the clock is no time that has passed");
    }

    [Fact]
    public void A_target_pod_that_fits_nowhere_is_told_of_and_given_up_in_time()
    {
        var pod = Given.TargetPod("Pending");
        pod = pod with
        {
            Status = pod.Status! with
            {
                Conditions = [new Condition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "0/2 nodes" }],
            },
        };
        var facts = Facts("Scheduling", target: pod);
        var early = MigrationDecisions.Decide(facts);
        early.Events.Single().Reason.ShouldBe("migrationTargetPodUnschedulable");
        early.Again.ShouldBe(TimeSpan.FromSeconds(300));
        var late = MigrationDecisions.Decide(facts with { Wall = Given.Now.AddSeconds(300) });
        Failure(late).ShouldContain("0/2 nodes");
        late.DeleteTargetPod.ShouldBeTrue();
        var hurried = facts.Migration with
        {
            Metadata = facts.Migration.Metadata with
            {
                Annotations = new Dictionary<string, string> { [Annotations.UnschedulablePodTimeout] = "10" },
            },
        };
        Phase(MigrationDecisions.Decide(facts with { Migration = hurried, Wall = Given.Now.AddSeconds(10) })).ShouldBe("Failed");
    }

    [Fact]
    public void Progress_is_copied_at_most_once_a_second()
    {
        var vmi = Given.Migrating(state => state with { Transfer = new MigrationTransfer { Percent = 42 } });
        var facts = Facts("Running", vmi, Given.TargetPod());
        MigrationDecisions.Decide(facts).Migration.Status!.Summary!.Progress.ShouldBe("42%");
        var early = MigrationDecisions.Decide(facts with { Copied = Given.Now.AddMilliseconds(-400) });
        early.Migration.ShouldBe(facts.Migration);
        early.Again.ShouldBe(TimeSpan.FromMilliseconds(600));
    }

    [Fact]
    public void The_target_pod_is_told_when_its_guest_ran()
    {
        var vmi = Given.Migrating(state => state with { TargetNodeDomainReadyTimestamp = Given.Now }, "target-uid");
        MigrationDecisions.Decide(Facts("Running", vmi, Given.TargetPod())).TargetReadyAt.ShouldBe(Given.Now);
    }
}
