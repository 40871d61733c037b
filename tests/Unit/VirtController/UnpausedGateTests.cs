using Godwit.Types;
using Godwit.VirtController;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtController;

public sealed class UnpausedGateTests
{
    private static readonly Pod Source = Gated(Given.Pod("source-uid"));
    private static readonly Pod Target = Gated(Given.TargetPod());

    [Fact]
    public void The_pod_of_a_running_guest_is_said_to_be_unpaused_once()
    {
        var said = Decide(Given.RunningVmi(), Source).Readiness.ShouldNotBeNull();
        said.Pod.Metadata.Uid.ShouldBe("source-uid");
        (said.Condition.Type, said.Condition.Status, said.Condition.Reason, said.Condition.Message, said.Condition.LastTransitionTime)
            .ShouldBe(("kubevirt.io/virtual-machine-unpaused", "True", "NotPaused", "the virtual machine is not paused", Given.Now));
        Decide(Given.RunningVmi(), Saying(Source, said.Condition)).Readiness.ShouldBeNull();
    }

    [Fact]
    public void A_pause_takes_it_back()
    {
        var paused = Given.RunningVmi();
        paused = paused with { Status = paused.Status! with { Conditions = paused.Status.Conditions.With(Conditions.Paused, status: true, Given.Now, "PausedByUser") } };
        var said = Decide(paused, Saying(Source, Said("True"))).Readiness.ShouldNotBeNull().Condition;
        (said.Status, said.Reason, said.Message).ShouldBe(("False", "Paused", "the virtual machine is paused"));
        Decide(paused, Saying(Source, Said("False"))).Readiness.ShouldBeNull();
    }

    [Fact]
    public void A_target_is_not_said_to_be_ready_before_it_has_the_guest_and_at_once_when_it_has()
    {
        Decide(Given.Migrating(), Saying(Source, Said("True")), Target).Readiness.ShouldBeNull();
        Decide(Given.Migrating(owner: "target-uid"), Saying(Source, Said("True")), Target).Readiness!.Pod.Metadata.Uid.ShouldBe("target-uid");
    }

    [Fact]
    public void A_pod_without_the_gate_and_one_that_has_ended_are_left_alone()
    {
        Decide(Given.RunningVmi(), Given.Pod("source-uid")).Readiness.ShouldBeNull("an earlier version made it");
        Decide(Given.RunningVmi(), Gated(Given.Pod("source-uid", phase: PodPhases.Failed))).Readiness.ShouldBeNull();
    }

    [Fact]
    public void Before_its_guest_runs_there_is_nothing_to_say() => Decide(Given.Vmi("Scheduled", "node01"), Source).Readiness.ShouldBeNull();

    [Fact]
    public void A_guest_stays_ready_while_the_word_about_its_new_pod_is_under_way()
    {
        var vmi = Given.Migrating(owner: "target-uid");
        vmi = vmi with { Status = vmi.Status! with { Conditions = vmi.Status.Conditions.With(Conditions.Ready, status: true, Given.Now) } };
        var waiting = Saying(Target, new Condition { Type = Conditions.Ready, Status = "False", Reason = "ReadinessGatesNotReady" });
        Decide(vmi, Source, waiting).Vmi.Status!.Conditions.IsTrue(Conditions.Ready).ShouldBeTrue();
        var broken = Saying(Target, new Condition { Type = Conditions.Ready, Status = "False", Reason = "ContainersNotReady" });
        Decide(vmi, Source, broken).Vmi.Status!.Conditions.IsTrue(Conditions.Ready).ShouldBeFalse();
    }

    private static VmiPlan Decide(VirtualMachineInstance vmi, params Pod[] pods) =>
        VmiDecisions.Decide(new VmiFacts { Vmi = vmi, Pods = pods, Wall = Given.Now });

    private static Pod Gated(Pod pod) => pod with { Spec = (pod.Spec ?? new PodSpec()) with { ReadinessGates = UnpausedGate.Gates } };

    private static Condition Said(string status) => new() { Type = Conditions.VirtualMachineUnpaused, Status = status };

    private static Pod Saying(Pod pod, Condition condition) => pod with
    {
        Status = pod.Status! with
        {
            Conditions = [.. (pod.Status.Conditions ?? []).Where(known => known.Type != condition.Type), condition],
        },
    };
}
