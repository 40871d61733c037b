using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

/// <summary>What becomes of a pod that stays behind for the connections of a guest that has moved.</summary>
public sealed class ForwardersTests
{
    private static readonly DateTimeOffset Until = Given.Now.AddSeconds(600);

    private static readonly Pod Source = Given.Pod("source-uid");

    private static VmiPlan Decide(VirtualMachineInstance vmi, params Pod[] pods) =>
        VmiDecisions.Decide(new VmiFacts { Vmi = vmi, Pods = pods, Wall = Given.Now });

    private static VirtualMachineInstance Moved(string? state = MigrationForwarding.Forwarding, DateTimeOffset? since = null) => Given.Migrating(
        migration => migration with
        {
            Completed = true,
            SourcePod = Source.Metadata.Name,
            EndTimestamp = Given.Now.AddDays(-1),
            Forwarding = state is null ? null : new() { State = state, Flows = 3, Since = since ?? Given.Now, Until = (since ?? Given.Now).AddSeconds(600) },
        },
        owner: "target-uid");

    private static Pod Deleting(Pod pod, long grace = 30) => pod with
    {
        Metadata = pod.Metadata with { DeletionTimestamp = Given.Now.AddSeconds(grace), DeletionGracePeriodSeconds = grace },
    };

    [Fact]
    public void A_source_that_forwards_is_marked_and_deleted_with_all_its_time_and_not_as_a_leftover()
    {
        var plan = Decide(Moved(), Source, Given.TargetPod());
        plan.DeletePods.ShouldBeEmpty();
        var forwarder = plan.Forwarder.ShouldNotBeNull();
        (forwarder.Pod.Metadata.Uid, forwarder.Migration, forwarder.GraceSeconds).ShouldBe(("source-uid", "m1", 630));
        plan.Events.Single().ShouldSatisfyAllConditions(
            told => told.Reason.ShouldBe("Forwarding"),
            told => told.Message.ShouldBe("Pod virt-launcher-source-uid on node node01 stays, being deleted, for 3 connections that were open when the guest moved, until 2026-03-22T10:10:00Z at the latest"));
    }

    [Fact]
    public void Whether_its_agents_clock_is_ahead_or_behind_a_forwarder_has_all_its_time()
    {
        Decide(Moved(since: Given.Now.AddYears(1)), Source, Given.TargetPod()).Forwarder!.GraceSeconds.ShouldBe(630);
        Decide(Moved(since: Given.Now.AddYears(-1)), Source, Given.TargetPod()).Forwarder!.GraceSeconds.ShouldBe(630);
    }

    [Fact]
    public void One_that_somebody_has_deleted_already_is_marked_all_the_same_and_one_that_is_marked_is_left_alone()
    {
        Decide(Moved(), Deleting(Source), Given.TargetPod()).Forwarder.ShouldNotBeNull();
        var plan = Decide(Moved(), Given.Forwarder("source-uid"), Given.TargetPod());
        plan.Forwarder.ShouldBeNull();
        plan.DeletePods.ShouldBeEmpty();
        plan.Events.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Prepared")]
    [InlineData("Unavailable")]
    [InlineData("Ended")]
    public void A_source_that_does_not_forward_is_a_leftover_as_ever(string? state)
    {
        var plan = Decide(Moved(state), Source, Given.TargetPod());
        plan.Forwarder.ShouldBeNull();
        plan.DeletePods.Single().Metadata.Uid.ShouldBe("source-uid");
    }

    [Fact]
    public void Nobody_forwards_before_the_guest_has_moved_nor_when_it_has_not()
    {
        foreach (var (completed, failed) in ((bool?, bool?)[])[(null, null), (true, true)])
        {
            var vmi = Moved();
            vmi = vmi with { Status = vmi.Status! with { MigrationState = vmi.Status.MigrationState! with { Completed = completed, Failed = failed } } };
            Forwarders.Due(vmi, [Source, Given.TargetPod()]).ShouldBeNull();
        }

        Forwarders.Due(Moved(), [Given.Pod("source-uid", phase: PodPhases.Succeeded), Given.TargetPod()]).ShouldBeNull();
        Forwarders.Due(Moved(), [Given.TargetPod()]).ShouldBeNull();
    }

    [Fact]
    public void A_forwarder_of_an_earlier_move_is_no_stray_though_it_was_a_target_once()
    {
        var plan = Decide(Moved(), Given.Forwarder("old", migration: "m0"), Given.Forwarder("source-uid"), Given.TargetPod());
        plan.DeletePods.ShouldBeEmpty();
        plan.Vmi.Status!.Phase.ShouldBe("Running");
    }

    [Fact]
    public void Forwarders_hold_up_no_move_but_a_pod_that_may_have_a_guest_does()
    {
        var vmi = Moved();
        Forwarders.Unfinished(vmi, [Given.TargetPod(), Given.Forwarder("source-uid"), Given.Forwarder("old")]).ShouldBe(1);
        Forwarders.Unfinished(vmi, [Given.TargetPod(), Source]).ShouldBe(2);
        Forwarders.Unfinished(vmi, [Given.TargetPod(), Deleting(Source)]).ShouldBe(2);
        Forwarders.Unfinished(vmi, [Given.TargetPod(), Given.Pod("x", phase: PodPhases.Failed)]).ShouldBe(1);

        // Whoever writes the mark on the pod that has the guest makes no forwarder of it.
        Forwarders.Is(Given.Forwarder("target-uid"), vmi).ShouldBeFalse();
        var marked = Given.Forwarder("source-uid");
        Forwarders.Is(marked with { Metadata = marked.Metadata with { DeletionTimestamp = null } }, vmi).ShouldBeFalse();
    }

    [Fact]
    public void A_deleted_VMI_hurries_its_forwarders_and_waits_for_its_guest_alone()
    {
        var vmi = Moved();
        vmi = vmi with { Metadata = vmi.Metadata with { DeletionTimestamp = Given.Now } };
        var first = Decide(vmi, Given.Forwarder("source-uid"), Given.TargetPod());
        first.DeletePods.Select(pod => pod.Metadata.Uid).ShouldBe(["source-uid", "target-uid"]);
        first.Vmi.Metadata.Finalizers.ShouldBe([Finalizers.Vmi]);
        var then = Decide(vmi, Given.Forwarder("source-uid"));
        then.DeletePods.Single().Metadata.Uid.ShouldBe("source-uid");
        then.Vmi.Metadata.Finalizers.ShouldBeEmpty();
        Decide(vmi, Given.Forwarder("source-uid", grace: 30)).DeletePods.ShouldBeEmpty();
    }

    [Fact]
    public void A_VMI_that_is_over_has_nothing_that_connections_could_be_carried_to()
    {
        var vmi = Moved();
        vmi = vmi with
        {
            Status = vmi.Status! with
            {
                Phase = VmiPhases.Succeeded,
                PhaseTransitionTimestamps = [new PhaseTransition { Phase = VmiPhases.Succeeded, PhaseTransitionTimestamp = Given.Now }],
            },
        };
        Decide(vmi, Given.Forwarder("source-uid"), Given.Pod("target-uid", phase: PodPhases.Succeeded)).DeletePods.Single().Metadata.Uid.ShouldBe("source-uid");
        Decide(vmi, Given.Forwarder("source-uid"), Given.TargetPod()).DeletePods.Single().Metadata.Uid.ShouldBe("source-uid");
        Decide(vmi, Given.Forwarder("source-uid", grace: 30)).DeletePods.ShouldBeEmpty();
    }

    [Fact]
    public void A_VMI_whose_guest_ended_is_over_though_a_forwarder_is_left() =>
        Decide(Moved(), Given.Forwarder("source-uid"), Given.Pod("target-uid", phase: PodPhases.Failed)).Vmi.Status!.Phase.ShouldBe("Failed");

    [Theory]
    [InlineData("Succeeded", true)]
    [InlineData("Succeeded", false)]
    [InlineData("Failed", false)]
    public void An_ended_migration_follows_what_becomes_of_its_connections(string phase, bool held)
    {
        var facts = Ended(phase, held, new() { State = MigrationForwarding.Prepared }, Moved(), "source-uid");
        var told = MigrationDecisions.Decide(facts).Migration.Status!.MigrationState!;
        told.Forwarding.ShouldBe(new() { State = MigrationForwarding.Forwarding, Flows = 3, Since = Given.Now, Until = Until });
        var plan = MigrationDecisions.Decide(facts with { Migration = Ended(phase, held: false, told.Forwarding, Moved()).Migration });
        plan.Migration.Status!.MigrationState!.Forwarding.ShouldBe(told.Forwarding);
    }

    [Theory]
    [InlineData("Forwarding", "pod virt-launcher-source-uid is gone; the VMI had begun another move by then, so how many connections it cut off is not on record")]
    [InlineData("Prepared", "pod virt-launcher-source-uid ended without having carried any connection")]
    public void Of_a_move_before_the_last_it_is_told_that_its_forwarder_is_gone_once_it_is(string state, string reason)
    {
        var later = Moved(state: null);
        later = later with { Status = later.Status! with { MigrationState = later.Status.MigrationState! with { MigrationUid = "m2", SourcePodUID = "target-uid" } } };
        var told = new MigrationForwarding { State = state, Flows = 3, Bytes = 4, Until = Until };
        var facts = Ended("Succeeded", held: false, told, later, "source-uid", "target-uid");
        MigrationDecisions.Decide(facts).Migration.Status!.MigrationState!.Forwarding.ShouldBe(told);
        MigrationDecisions.Decide(facts with { LivePods = ["target-uid"] }).Migration.Status!.MigrationState!.Forwarding.ShouldBe(
            new() { State = MigrationForwarding.Ended, Bytes = 4, Since = Given.Now, Reason = reason });
        var over = Ended("Succeeded", held: false, told with { State = MigrationForwarding.Unavailable }, later);
        MigrationDecisions.Decide(over).Migration.ShouldBeSameAs(over.Migration);
    }

    private static MigrationFacts Ended(string phase, bool held, MigrationForwarding? forwarding, VirtualMachineInstance vmi, params string[] pods)
    {
        var migration = Given.Migration(phase);
        return new()
        {
            Migration = migration with
            {
                Metadata = migration.Metadata with { Finalizers = held ? migration.Metadata.Finalizers : null },
                Status = migration.Status! with
                {
                    MigrationState = new() { MigrationUid = "m1", SourcePod = "virt-launcher-source-uid", SourcePodUID = "source-uid", Forwarding = forwarding },
                },
            },
            Vmi = vmi,
            LivePods = pods,
            Wall = Given.Now,
        };
    }
}
