using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class ReplicaSetDecisionsTests
{
    private static readonly Dictionary<string, string> Web = new() { ["app"] = "web" };

    private static VirtualMachineInstanceReplicaSet Set(int? replicas = 2, bool? paused = null) => new()
    {
        Metadata = new ObjectMeta { Name = "web", Namespace = "default", Uid = "set-uid", ResourceVersion = "1" },
        Spec = new VirtualMachineInstanceReplicaSetSpec
        {
            Replicas = replicas,
            Paused = paused,
            Selector = new LabelSelectorSpec { MatchLabels = Web },
            Template = new VirtualMachineInstanceTemplateSpec
            {
                Metadata = new ObjectMeta { Labels = Web },
                Spec = new VirtualMachineInstanceSpec { Domain = new DomainSpec() },
            },
        },
    };

    private static VirtualMachineInstance Vmi(
        string name, string phase = VmiPhases.Running, string? owner = "set-uid", bool ready = true, bool migrating = false, int age = 0)
    {
        var vmi = Given.Vmi(phase);
        return vmi with
        {
            Metadata = new ObjectMeta
            {
                Name = name,
                Namespace = "default",
                Uid = name,
                Labels = Web,
                CreationTimestamp = Given.Now.AddMinutes(-age),
                OwnerReferences = owner is null ? null : [new OwnerReference { Uid = owner, Controller = true }],
            },
            Status = vmi.Status! with
            {
                MigrationState = migrating ? new MigrationState { StartTimestamp = Given.Now } : null,
                Conditions = [new Condition { Type = "Ready", Status = ready ? "True" : "False" }],
            },
        };
    }

    private static VirtualMachineInstance Deleting(VirtualMachineInstance vmi) =>
        vmi with { Metadata = vmi.Metadata with { DeletionTimestamp = Given.Now } };

    private static ReplicaSetPlan Decide(VirtualMachineInstanceReplicaSet set, params VirtualMachineInstance[] vmis) =>
        ReplicaSetDecisions.Decide(new ReplicaSetFacts { Set = set, Vmis = vmis, Now = Given.Now });

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 3)]
    [InlineData(null, 1)]
    [InlineData(1000, 250)]
    public void What_is_missing_is_made(int? replicas, int made) => Decide(Set(replicas)).Create.Count.ShouldBe(made);

    [Fact]
    public void A_VMI_is_made_from_the_template_and_dies_with_the_set()
    {
        var vmi = Decide(Set(1)).Create.Single();
        vmi.Metadata.GenerateName.ShouldBe("web");
        vmi.Metadata.Name.ShouldBeNull();
        vmi.Metadata.Label("app").ShouldBe("web");
        vmi.Metadata.Controller().ShouldBe(new OwnerReference
        {
            ApiVersion = "kubevirt.io/v1",
            Kind = "VirtualMachineInstanceReplicaSet",
            Name = "web",
            Uid = "set-uid",
            Controller = true,
            BlockOwnerDeletion = true,
        });
    }

    [Fact]
    public void One_that_is_over_is_replaced()
    {
        var plan = Decide(Set(), Vmi("a"), Vmi("b", VmiPhases.Failed), Vmi("c", VmiPhases.Succeeded));
        plan.Create.Count.ShouldBe(1);
        plan.Delete.Select(vmi => vmi.Metadata.Name).ShouldBe(["b", "c"], ignoreOrder: true);
        plan.Set.Status!.Replicas.ShouldBe(1);
    }

    [Fact]
    public void One_that_is_being_deleted_counts_no_more() =>
        Decide(Set(), Vmi("a"), Deleting(Vmi("b"))).Create.Count.ShouldBe(1);

    [Fact]
    public void Of_too_many_those_go_that_cost_least_and_a_migrating_one_last()
    {
        VirtualMachineInstance[] vmis =
        [
            Vmi("moving", migrating: true), Vmi("old", age: 9), Vmi("young", age: 1), Vmi("unready", ready: false), Vmi("pending", VmiPhases.Pending, ready: false),
        ];
        for (var left = 4; left >= 0; left--)
        {
            Decide(Set(left), vmis).Delete.Select(vmi => vmi.Metadata.Name)
                .ShouldBe(new[] { "pending", "unready", "young", "old", "moving" }.Take(5 - left));
        }
    }

    [Fact]
    public void One_that_loses_its_pod_is_replaced_unless_it_is_moving()
    {
        var losing = Vmi("a").WithReady(Reasons.PodTerminating);
        Decide(Set(1), losing).Delete.Single().ShouldBeSameAs(losing);
        var moving = losing with { Status = losing.Status! with { MigrationState = new MigrationState() } };
        Decide(Set(1), moving).Scales.ShouldBeFalse();
    }

    [Fact]
    public void A_paused_set_does_nothing_and_says_so_once()
    {
        var plan = Decide(Set(paused: true));
        plan.Scales.ShouldBeFalse();
        plan.Events.ShouldBe([new PlannedEvent("SuccessfulPaused", "Paused")]);
        plan.Set.Status!.Conditions.Find("ReplicaPaused")!.Message.ShouldBe("Controller got paused");
        Decide(plan.Set).Events.ShouldBeEmpty();
        var resumed = Decide(plan.Set with { Spec = plan.Set.Spec! with { Paused = false } });
        resumed.Events.ShouldBe([new PlannedEvent("SuccessfulResumed", "Resumed")]);
        resumed.Set.Status!.Conditions.ShouldBeNull();
        resumed.Create.Count.ShouldBe(2);
    }

    [Fact]
    public void The_status_counts_and_names_the_selector()
    {
        var status = Decide(Set(), Vmi("a"), Vmi("b", VmiPhases.Scheduling, ready: false)).Set.Status!;
        (status.Replicas, status.ReadyReplicas, status.LabelSelector).ShouldBe((2, 1, "app=web"));
    }

    [Fact]
    public void Nobodys_that_match_are_taken_in_own_that_no_longer_match_let_go_and_others_left_alone()
    {
        var orphan = Vmi("orphan", owner: null);
        var strayed = Vmi("strayed") with { Metadata = Vmi("strayed").Metadata with { Labels = null } };
        var plan = Decide(Set(), orphan, strayed, Vmi("other", owner: "other"));
        plan.Scales.ShouldBeFalse();
        plan.Reown.Count.ShouldBe(2);
        plan.Reown[0].Metadata.Controller()!.Uid.ShouldBe("set-uid");
        plan.Reown[1].Metadata.OwnerReferences.ShouldBeEmpty();
    }

    [Fact]
    public void A_set_that_is_deleted_makes_nothing() =>
        Decide(Set() with { Metadata = Set().Metadata with { DeletionTimestamp = Given.Now } }).Scales.ShouldBeFalse();

    [Fact]
    public void A_selector_that_does_not_match_the_template_makes_nothing_and_says_why()
    {
        var set = Set();
        var plan = Decide(set with { Spec = set.Spec! with { Selector = new LabelSelectorSpec { MatchLabels = new Dictionary<string, string> { ["app"] = "db" } } } });
        plan.Scales.ShouldBeFalse();
        plan.Set.Status!.Conditions.Find("ReplicaFailure")!.Message!.ShouldContain("does not match");
    }
}

file static class Changes
{
    public static VirtualMachineInstance WithReady(this VirtualMachineInstance vmi, string reason) => vmi with
    {
        Status = vmi.Status! with { Conditions = [new Condition { Type = "Ready", Status = "False", Reason = reason }] },
    };
}
