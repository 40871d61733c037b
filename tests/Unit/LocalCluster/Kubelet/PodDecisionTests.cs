using Godwit.LocalCluster.Kubelet;
using Godwit.LocalCluster.Objects;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Unit.LocalCluster.Kubelet;

public sealed class PodDecisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void A_new_pod_has_all_its_containers_started()
    {
        var plan = PodDecision.Decide(Facts(Pod("Always", "a", "b")));
        plan.Phase.ShouldBe("Pending");
        plan.Starts.Select(s => (s.Container.Name, s.Attempt)).ShouldBe([("a", 0), ("b", 0)]);
    }

    [Fact]
    public void Init_containers_run_one_after_another_before_the_others()
    {
        var pod = Pod("Always", "a");
        pod = pod with { Spec = pod.Spec with { InitContainers = [new() { Name = "i" }, new() { Name = "j" }] } };
        PodDecision.Decide(Facts(pod)).Starts.Single().Container.Name.ShouldBe("i");
        PodDecision.Decide(Facts(pod, Running("i"))).Starts.ShouldBeEmpty();
        PodDecision.Decide(Facts(pod, Ended("i", 0))).Starts.Single().Container.Name.ShouldBe("j");
        PodDecision.Decide(Facts(pod, Ended("i", 0), Ended("j", 0))).Starts.Single().Container.Name.ShouldBe("a");
    }

    [Fact]
    public void A_side_car_runs_on_while_the_pod_goes_its_way()
    {
        var pod = Pod("Never", "a");
        pod = pod with { Spec = pod.Spec with { InitContainers = [new() { Name = "side", RestartPolicy = "Always" }] } };
        PodDecision.Decide(Facts(pod)).Starts.Single().Container.Name.ShouldBe("side");
        PodDecision.Decide(Facts(pod, Running("side"))).Starts.Single().Container.Name.ShouldBe("a");
    }

    [Fact]
    public void A_failed_init_container_fails_a_pod_that_never_restarts()
    {
        var pod = Pod("Never", "a");
        pod = pod with { Spec = pod.Spec with { InitContainers = [new() { Name = "i" }] } };
        var plan = PodDecision.Decide(Facts(pod, Ended("i", 1)));
        plan.Phase.ShouldBe("Failed");
        plan.Release.ShouldBeTrue();
        plan.Starts.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Never", 0, "Succeeded", false)]
    [InlineData("Never", 3, "Failed", false)]
    [InlineData("OnFailure", 0, "Succeeded", false)]
    [InlineData("OnFailure", 3, "Running", true)]
    [InlineData("Always", 0, "Running", true)]
    public void The_restart_policy_says_what_the_end_of_a_container_means(string policy, int code, string phase, bool restarts)
    {
        var plan = PodDecision.Decide(Facts(Pod(policy, "a"), Ended("a", code)));
        plan.Phase.ShouldBe(phase);
        (plan.Starts.Count > 0).ShouldBe(restarts);
        plan.Release.ShouldBe(!restarts);
    }

    [Fact]
    public void The_first_restart_comes_at_once_and_later_ones_ever_later()
    {
        PodDecision.BackOff(0).ShouldBe(TimeSpan.Zero);
        PodDecision.BackOff(1).ShouldBe(TimeSpan.FromSeconds(10));
        PodDecision.BackOff(3).ShouldBe(TimeSpan.FromSeconds(40));
        PodDecision.BackOff(50).ShouldBe(TimeSpan.FromMinutes(5));
        var plan = PodDecision.Decide(Facts(Pod("Always", "a"), Ended("a", 1) with { Crashes = 1 }));
        plan.Starts.ShouldBeEmpty();
        plan.WakeAt.ShouldBe(Now.AddSeconds(-1).AddSeconds(10));
    }

    [Fact]
    public void A_long_run_wipes_the_slate_clean()
    {
        var run = Ended("a", 1) with { Crashes = 7, StartedAt = Now.AddHours(-1) };
        PodDecision.CrashesAfter(run).ShouldBe(1);
        PodDecision.Decide(Facts(Pod("Always", "a"), run)).Starts.Single().Attempt.ShouldBe(1);
    }

    [Fact]
    public void A_start_that_failed_is_not_tried_before_its_time()
    {
        var facts = Facts(Pod("Always", "a")) with { Troubles = new Dictionary<string, StartTrouble> { ["a"] = new("ErrImagePull", "no", Now.AddSeconds(5), 1) } };
        var plan = PodDecision.Decide(facts);
        plan.Starts.ShouldBeEmpty();
        plan.WakeAt.ShouldBe(Now.AddSeconds(5));
    }

    [Fact]
    public void A_deleted_pod_gets_its_grace_and_is_removed_when_nothing_runs()
    {
        var pod = Deleted(Pod("Always", "a", "b"));
        var facts = Facts(pod, Running("a"), Ended("b", 0)) with { KillAt = Now.AddSeconds(7) };
        var plan = PodDecision.Decide(facts);
        plan.Stops.Single().KillAt.ShouldBe(Now.AddSeconds(7));
        plan.Remove.ShouldBeFalse();
        plan.Starts.ShouldBeEmpty();
        PodDecision.Decide(Facts(pod, Ended("a", 137), Ended("b", 0))).Remove.ShouldBeTrue();
    }

    [Fact]
    public void A_pod_that_the_API_does_not_know_is_ended_and_removed()
    {
        PodDecision.Decide(Facts(Pod("Always", "a"), Running("a")) with { IsGone = true, KillAt = Now }).Stops.Count.ShouldBe(1);
        PodDecision.Decide(Facts(Pod("Always", "a")) with { IsGone = true }).Remove.ShouldBeTrue();
    }

    [Fact]
    public void An_unhealthy_container_is_stopped_with_the_pods_grace()
    {
        var run = Running("a");
        var facts = Facts(Pod("Always", "a"), run) with { Probes = new Dictionary<string, ProbeState> { [run.Id] = new() { Unhealthy = "failed liveness probe" } } };
        PodDecision.Decide(facts).Stops.Single().KillAt.ShouldBe(Now.AddSeconds(30));
    }

    [Fact]
    public void A_stop_begun_before_a_restart_of_the_kubelet_is_carried_to_its_end()
    {
        var plan = PodDecision.Decide(Facts(Pod("Always", "a"), Running("a") with { StopSentAt = Now.AddSeconds(-10) }));
        plan.Stops.Single().KillAt.ShouldBe(Now.AddSeconds(20));
    }

    [Fact]
    public void A_pod_past_its_deadline_is_stopped_and_has_failed_when_nothing_of_it_runs()
    {
        var pod = Pod("Always", "a");
        pod = pod with { Spec = pod.Spec with { ActiveDeadlineSeconds = 5 }, Status = new() { Phase = "Running" } };
        var plan = PodDecision.Decide(Facts(pod, Running("a")) with { StartTime = Now.AddSeconds(-6) });
        plan.Phase.ShouldBe("Running");
        plan.Stops.Single().Why.ShouldBe("DeadlineExceeded");
        plan = PodDecision.Decide(Facts(pod, Ended("a", 137)) with { StartTime = Now.AddSeconds(-6) });
        plan.Phase.ShouldBe("Failed");
        plan.Reason.ShouldBe("DeadlineExceeded");
    }

    [Fact]
    public void Side_cars_are_stopped_after_the_containers_that_they_serve_the_last_one_first_and_only_then_the_pod_has_ended()
    {
        var pod = WithSidecars(Pod("Never", "a") with { Status = new() { Phase = "Running" } });
        PodDecision.Decide(Facts(pod, Running("s"), Running("t"), Running("a"))).Stops.ShouldBeEmpty();

        var plan = PodDecision.Decide(Facts(pod, Running("s"), Running("t"), Ended("a", 0)));
        plan.Stops.Single().Run.Name.ShouldBe("t");
        plan.Stops.Single().KillAt.ShouldBe(Now.AddSeconds(30));
        (plan.Phase, plan.Release).ShouldBe(("Running", false));

        plan = PodDecision.Decide(Facts(pod, Running("s"), Ended("t", 143), Ended("a", 0)));
        plan.Stops.Single().Run.Name.ShouldBe("s");
        plan.Starts.ShouldBeEmpty();

        plan = PodDecision.Decide(Facts(pod, Ended("s", 143), Ended("t", 143), Ended("a", 0)));
        (plan.Phase, plan.Release).ShouldBe(("Succeeded", true));
    }

    [Fact]
    public void When_a_pod_is_deleted_its_side_cars_stay_while_the_others_end_but_not_beyond_its_time()
    {
        var pod = Deleted(WithSidecars(Pod("Never", "a")));
        var facts = Facts(pod, Running("s"), Running("t"), Running("a")) with { KillAt = Now.AddSeconds(7) };
        PodDecision.Decide(facts).Stops.Single().Run.Name.ShouldBe("a");
        PodDecision.Decide(facts with { Now = Now.AddSeconds(7) }).Stops.Select(s => s.Run.Name).ShouldBe(["s", "t", "a"]);
    }

    [Fact]
    public void The_status_of_a_running_pod_is_ready()
    {
        var facts = Facts(Pod("Always", "a"), Running("a")) with { Sandbox = new() { PodUid = "u", Namespace = "n", Pod = "p", NetworkNamespace = "x", Address = "10.0.0.5" } };
        var status = PodStatusBuilder.Build(facts, PodDecision.Decide(facts), "10.1.1.1");
        ((string?)status["phase"]).ShouldBe("Running");
        ((string?)status["podIP"]).ShouldBe("10.0.0.5");
        status["conditions"]!.AsArray().Select(c => $"{c!["type"]}={c["status"]}").ShouldBe(
            ["PodReadyToStartContainers=True", "Initialized=True", "Ready=True", "ContainersReady=True", "PodScheduled=True"]);
        ((bool)status["containerStatuses"]![0]!["ready"]!).ShouldBeTrue();
    }

    [Fact]
    public void The_status_of_a_crashing_container_names_the_back_off_and_the_last_end()
    {
        var facts = Facts(Pod("Always", "a"), Ended("a", 3) with { Crashes = 1, Attempt = 2 });
        var status = PodStatusBuilder.Build(facts, PodDecision.Decide(facts), "10.1.1.1")["containerStatuses"]![0]!;
        ((string?)status["state"]!["waiting"]!["reason"]).ShouldBe("CrashLoopBackOff");
        ((string?)status["state"]!["waiting"]!["message"]).ShouldBe("back-off 10s restarting failed container=a pod=p_n(u)");
        ((int)status["lastState"]!["terminated"]!["exitCode"]!).ShouldBe(3);
        ((int)status["restartCount"]!).ShouldBe(2);
    }

    [Fact]
    public void A_condition_keeps_the_time_of_its_last_change()
    {
        var since = Now.AddHours(-2);
        var pod = Pod("Always", "a");
        pod = pod with { Status = new() { Conditions = [new() { Type = "Ready", Status = "True", LastTransitionTime = since }] } };
        var facts = Facts(pod, Running("a"));
        var ready = PodStatusBuilder.Build(facts, PodDecision.Decide(facts), "10.1.1.1")["conditions"]!.AsArray().First(c => (string?)c!["type"] == "Ready");
        ((string?)ready!["lastTransitionTime"]).ShouldBe("2026-01-02T01:04:05Z");
    }

    private static PodFacts Facts(Pod pod, params ContainerRecord[] runs) => new()
    {
        Pod = pod,
        Latest = runs.ToDictionary(r => r.Name),
        StartTime = Now.AddMinutes(-1),
        Now = Now,
    };

    private static Pod Pod(string policy, params string[] containers) => new()
    {
        Metadata = new() { Name = "p", Namespace = "n", Uid = "u" },
        Spec = new() { RestartPolicy = policy, Containers = [.. containers.Select(c => new Container { Name = c })] },
    };

    private static Pod WithSidecars(Pod pod) => pod with
    {
        Spec = pod.Spec with { InitContainers = [new() { Name = "s", RestartPolicy = "Always" }, new() { Name = "t", RestartPolicy = "Always" }] },
    };

    private static Pod Deleted(Pod pod) => pod with { Metadata = pod.Metadata with { DeletionTimestamp = Now.AddSeconds(7) } };

    private static ContainerRecord Running(string name) => new()
    {
        Id = $"id-{name}",
        PodUid = "u",
        Namespace = "n",
        Pod = "p",
        Name = name,
        Attempt = 0,
        StartedAt = Now.AddSeconds(-5),
        Pid = 1,
    };

    private static ContainerRecord Ended(string name, int code) => Running(name) with
    {
        FinishedAt = Now.AddSeconds(-1),
        ExitCode = code,
        Reason = code == 0 ? "Completed" : "Error",
    };
}
