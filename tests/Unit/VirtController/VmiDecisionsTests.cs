using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class VmiDecisionsTests
{
    private static VmiPlan Decide(VirtualMachineInstance vmi, params Pod[] pods) =>
        VmiDecisions.Decide(new VmiFacts { Vmi = vmi, Pods = pods, Wall = Given.Now });

    [Fact]
    public void A_new_VMI_gets_a_pod()
    {
        var plan = Decide(Given.Vmi());
        plan.CreatePod.ShouldBeTrue();
        plan.Vmi.Status!.Phase.ShouldBe("Pending");
        plan.Vmi.Status.Conditions.Find("Ready")!.Reason.ShouldBe("GuestNotRunning");
    }

    [Fact]
    public void With_its_pod_it_is_being_scheduled()
    {
        var plan = Decide(Given.Vmi(), Given.Pod("p", node: null, phase: "Pending"));
        plan.CreatePod.ShouldBeFalse();
        plan.Vmi.Status!.Phase.ShouldBe("Scheduling");
        plan.Vmi.Status.ActivePods.ShouldBe(new Dictionary<string, string> { ["p"] = "" });
        plan.Vmi.Status.PhaseTransitionTimestamps!.Select(transition => transition.Phase).ShouldBe(["Pending", "Scheduling"]);
    }

    [Fact]
    public void A_missing_claim_is_named_and_waited_for()
    {
        var facts = new VmiFacts { Vmi = Given.Vmi(), MissingClaims = ["shared"], Wall = Given.Now };
        var plan = VmiDecisions.Decide(facts);
        plan.CreatePod.ShouldBeFalse();
        plan.Events.Single().ShouldBe(new PlannedEvent(
            "FailedPvcNotFound", "PVC default/shared does not exist, waiting for it to appear", Warning: true));
        plan.Vmi.Status!.Conditions.Find("Synchronized")!.Message!.ShouldContain("default/shared");
        VmiDecisions.Decide(facts with { Vmi = plan.Vmi }).Events.ShouldBeEmpty();
        Decide(plan.Vmi, Given.Pod("p")).Vmi.Status!.Conditions.Find("Synchronized").ShouldBeNull();
    }

    [Fact]
    public void An_image_that_cannot_be_had_is_an_event_of_the_VMI_once()
    {
        var plan = Decide(Given.Vmi("Scheduling"), Given.Pod("p").Waiting("ErrImagePull", "image a is not in the store"));
        plan.Events.ShouldBe([new PlannedEvent("ErrImagePull", "image a is not in the store", Warning: true)]);
        Decide(plan.Vmi, Given.Pod("p").Waiting("ImagePullBackOff", "Back-off pulling image a")).Events.ShouldBeEmpty();
    }

    [Fact]
    public void A_pod_that_fits_on_no_node_is_an_event_of_the_VMI_once()
    {
        var pod = Given.Pod("p", node: null, phase: "Pending");
        pod = pod with
        {
            Status = pod.Status! with { Conditions = [new Condition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "2 Insufficient memory" }] },
        };
        var plan = Decide(Given.Vmi("Scheduling"), pod);
        plan.Events.Single().Message.ShouldEndWith("fits on no node, waiting for one: 2 Insufficient memory");
        Decide(plan.Vmi, pod).Events.ShouldBeEmpty();
    }

    [Fact]
    public void No_pod_is_made_while_a_migration_of_that_name_goes_on() =>
        VmiDecisions.Decide(new VmiFacts
        {
            Vmi = Given.Vmi(),
            ActiveMigration = Given.Migration(MigrationPhases.Running),
            Wall = Given.Now,
        }).CreatePod.ShouldBeFalse();

    [Fact]
    public void A_ready_pod_is_handed_to_its_node_and_owns_the_guest()
    {
        var vmi = Decide(Given.Vmi("Scheduling"), Given.Pod("p")).Vmi;
        vmi.Status!.Phase.ShouldBe("Scheduled");
        vmi.Status.NodeName.ShouldBe("node01");
        vmi.Status.OwnerPodUID.ShouldBe("p");
        vmi.Status.MigrationTransport.ShouldBe("Unix");
        vmi.Status.QosClass.ShouldBe("Burstable");
        vmi.Status.LauncherContainerImageVersion.ShouldBe(Given.Image);
        vmi.Metadata.Label(Labels.NodeName).ShouldBe("node01");
    }

    [Fact]
    public void An_image_that_cannot_be_had_is_told_and_forgotten_when_it_can()
    {
        var vmi = Decide(
            Given.Vmi("Scheduling"), Given.Pod("p").Waiting("ErrImagePull", "no such image: godwit image import FILE")).Vmi;
        var condition = vmi.Status!.Conditions.Find("Synchronized")!;
        (condition.Status, condition.Reason, condition.Message)
            .ShouldBe(("False", "ErrImagePull", "no such image: godwit image import FILE"));
        Decide(vmi, Given.Pod("p")).Vmi.Status!.Conditions.Find("Synchronized").ShouldBeNull();
    }

    [Fact]
    public void A_pod_that_fits_nowhere_shows_on_the_VMI()
    {
        var pod = Given.Pod("p", node: null, phase: "Pending");
        pod = pod with
        {
            Status = pod.Status! with
            {
                Conditions = [new Condition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "0/2 nodes" }],
            },
        };
        var vmi = Decide(Given.Vmi("Scheduling"), pod).Vmi;
        vmi.Status!.Conditions.Find("PodScheduled")!.Message.ShouldBe("0/2 nodes");
        Decide(vmi, Given.Pod("p")).Vmi.Status!.Conditions.Find("PodScheduled").ShouldBeNull();
    }

    [Theory]
    [InlineData("Scheduling", null, "Failed")]
    [InlineData("Scheduling", "Failed", "Failed")]
    [InlineData("Scheduling", "Succeeded", "Failed")]
    [InlineData("Scheduled", null, "Failed")]
    [InlineData("Running", null, "Failed")]
    [InlineData("Running", "Failed", "Failed")]
    [InlineData("Running", "Succeeded", "Succeeded")]
    [InlineData("Running", "Running", "Running")]
    public void The_end_of_the_pod_is_the_end_of_the_guest(string phase, string? pod, string expected)
    {
        var vmi = Given.Vmi(phase, "node01", phase == "Scheduling" ? null : "p");
        Decide(vmi, pod is null ? [] : [Given.Pod("p", phase: pod)]).Vmi.Status!.Phase.ShouldBe(expected);
    }

    [Fact]
    public void Another_pods_end_means_nothing() =>
        Decide(Given.RunningVmi(), Given.Pod("source-uid"), Given.Pod("old", phase: "Succeeded")).Vmi.Status!.Phase.ShouldBe("Running");

    [Fact]
    public void Between_two_owners_the_guest_is_not_given_up_at_once()
    {
        var vmi = Given.Migrating(state => state with { PauseTimestamp = Given.Now }, owner: "target-uid");
        var plan = Decide(vmi, Given.Pod("source-uid"));
        plan.Vmi.Status!.Phase.ShouldBe("Running");
        plan.Again.ShouldBe(VmiDecisions.SwitchoverGrace);
        VmiDecisions.Decide(new VmiFacts { Vmi = vmi, Wall = Given.Now + VmiDecisions.SwitchoverGrace })
            .Vmi.Status!.Phase.ShouldBe("Failed");
    }

    [Fact]
    public void A_node_that_tells_late_of_its_pods_end_gets_its_time_to_give_the_guest_back()
    {
        var vmi = Given.Migrating(state => state with { PauseTimestamp = Given.Now }, owner: "target-uid");
        var late = Given.Now + (VmiDecisions.SwitchoverGrace * 3);
        VmiDecisions.Decide(new VmiFacts { Vmi = vmi, OwnerEndSeen = late, Wall = late + TimeSpan.FromSeconds(1) }).Vmi.Status!.Phase.ShouldBe("Running");
        VmiDecisions.Decide(new VmiFacts { Vmi = vmi, OwnerEndSeen = late, Wall = late + VmiDecisions.SwitchoverGrace }).Vmi.Status!.Phase.ShouldBe("Failed");
        VmiDecisions.Decide(new VmiFacts { Vmi = vmi, OwnerEndSeen = Given.Now, Wall = Given.Stepped }).Vmi.Status!.Phase.ShouldBe("Running", "a step of the clock is no time that has passed");
    }

    [Fact]
    public void Readiness_of_a_running_guest_is_that_of_its_pod()
    {
        Decide(Given.RunningVmi(), Given.Pod("source-uid")).Vmi.Status!.Conditions.IsTrue("Ready").ShouldBeTrue();
        var going = Given.Pod("source-uid");
        going = going with { Metadata = going.Metadata with { DeletionTimestamp = Given.Now } };
        Decide(Given.RunningVmi(), going).Vmi.Status!.Conditions.Find("Ready")!.Reason.ShouldBe("PodTerminating");
    }

    [Theory]
    [InlineData(30, false)]
    [InlineData(31, true)]
    public void A_pod_on_its_way_out_is_hurried_when_its_VMI_gives_it_less_time_by_now(long seconds, bool hurried)
    {
        var vmi = Given.RunningVmi();
        var going = Given.Pod("source-uid");
        going = going with { Metadata = going.Metadata with { DeletionTimestamp = Given.Now, DeletionGracePeriodSeconds = seconds } };
        var plan = Decide(vmi with { Metadata = vmi.Metadata with { DeletionTimestamp = Given.Now } }, going);
        (plan.DeletePods.Count > 0).ShouldBe(hurried);
        plan.Events.ShouldBeEmpty();
    }

    [Fact]
    public void A_deleted_VMI_takes_its_pods_along_and_lets_go_when_they_are_gone()
    {
        var vmi = Given.RunningVmi();
        vmi = vmi with { Metadata = vmi.Metadata with { DeletionTimestamp = Given.Now } };
        var plan = Decide(vmi, Given.Pod("source-uid"));
        plan.DeletePods.Single().Metadata.Uid.ShouldBe("source-uid");
        plan.Vmi.Metadata.Finalizers.ShouldBe([Finalizers.Vmi]);
        Decide(vmi, Given.Pod("source-uid", phase: "Succeeded")).Vmi.Status!.Phase.ShouldBe("Succeeded");
        var over = Decide(vmi).Vmi;
        over.Metadata.Finalizers.ShouldBeEmpty();
        over.Status!.Phase.ShouldBe("Failed");
    }

    [Fact]
    public void A_VMI_that_is_over_keeps_finished_pods_and_ends_what_still_runs()
    {
        var vmi = Given.Vmi("Failed", "node01", "p");
        vmi = vmi with
        {
            Status = vmi.Status! with { PhaseTransitionTimestamps = [new PhaseTransition { Phase = "Failed", PhaseTransitionTimestamp = Given.Now }] },
        };
        Decide(vmi, Given.Pod("p", phase: "Failed")).DeletePods.ShouldBeEmpty();
        Decide(vmi, Given.Pod("p")).DeletePods.ShouldBeEmpty();
        VmiDecisions.Decide(new VmiFacts { Vmi = vmi, Pods = [Given.Pod("p")], Wall = Given.Now + VmiDecisions.FinishGrace })
            .DeletePods.Count.ShouldBe(1);
    }

    [Fact]
    public void A_mark_for_eviction_shows_as_a_condition()
    {
        var vmi = Given.RunningVmi();
        vmi = vmi with { Status = vmi.Status! with { EvacuationNodeName = "node01" } };
        var marked = Decide(vmi, Given.Pod("source-uid")).Vmi;
        marked.Status!.Conditions.IsTrue("EvictionRequested").ShouldBeTrue();
        Decide(marked with { Status = marked.Status with { EvacuationNodeName = null } }, Given.Pod("source-uid"))
            .Vmi.Status!.Conditions.Find("EvictionRequested").ShouldBeNull();
    }

    [Fact]
    public void Deciding_twice_changes_nothing_more()
    {
        var once = Decide(Given.RunningVmi(), Given.Pod("source-uid"));
        ReferenceEquals(once.Vmi, Given.RunningVmi()).ShouldBeFalse();
        var twice = VmiDecisions.Decide(new VmiFacts
        {
            Vmi = once.Vmi,
            Pods = [Given.Pod("source-uid")],
            Wall = Given.Now + TimeSpan.FromMinutes(1),
        });
        JsonEquality.Same(once.Vmi, twice.Vmi, TypesJson.Default.VirtualMachineInstance).ShouldBeTrue();
    }

    [Fact]
    public void A_stray_target_is_removed_but_not_that_of_a_living_migration_nor_the_source()
    {
        var facts = new VmiFacts { Vmi = Given.RunningVmi(), Pods = [Given.Pod("source-uid"), Given.TargetPod()], Wall = Given.Now };
        VmiDecisions.Decide(facts).DeletePods.Single().Metadata.Uid.ShouldBe("target-uid");
        VmiDecisions.Decide(facts with { LiveMigrations = ["m1"] }).DeletePods.ShouldBeEmpty();
        var moved = Given.Migrating(
            state => state with { SourcePodUID = "target-uid", TargetPodUID = "source-uid", Completed = true, EndTimestamp = Given.Now });
        VmiDecisions.Decide(facts with { Vmi = moved }).DeletePods.ShouldBeEmpty();
    }

    [Fact]
    public void Old_finished_pods_are_not_hoarded()
    {
        var pods = Enumerable.Range(0, 8)
            .Select(i => Given.Pod($"old{i}", phase: "Succeeded"))
            .Select((pod, i) => pod with { Metadata = pod.Metadata with { CreationTimestamp = Given.Now.AddMinutes(i) } })
            .Append(Given.Pod("source-uid"));
        Decide(Given.RunningVmi(), [.. pods]).DeletePods.Select(pod => pod.Metadata.Uid).ShouldBe(["old2", "old1", "old0"]);
    }
}
