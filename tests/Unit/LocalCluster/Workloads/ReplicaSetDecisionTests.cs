using System.Text.Json.Nodes;
using Godwit.LocalCluster.Workloads;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Workloads;

public sealed class ReplicaSetDecisionTests
{
    private static readonly Dictionary<string, int> Nobody = [];

    private static ReplicaSetFacts Facts(int wanted, params WorkloadPod[] pods) => new(Sets.ReplicaSet("a", wanted, 0, 1), pods, Sets.Now);

    [Fact]
    public void Pods_that_end_or_have_ended_do_not_count()
    {
        var plan = ReplicaSetDecision.Decide(Facts(3, Sets.Pod("a"), Sets.Pod("b", deleting: true), Sets.Pod("c", phase: "Failed")));
        (plan.Missing, plan.Surplus.Count).ShouldBe((2, 0));
    }

    [Fact]
    public void A_set_that_goes_touches_nothing()
    {
        var facts = Facts(3);
        facts.ReplicaSet["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:00Z";
        ReplicaSetDecision.Decide(facts).Missing.ShouldBe(0);
    }

    [Theory]
    [InlineData("the_one_without_a_node")]
    [InlineData("the_pending_one")]
    [InlineData("the_one_that_is_not_ready")]
    [InlineData("the_cheap_one")]
    [InlineData("the_one_in_a_crowd")]
    [InlineData("the_younger_one")]
    [InlineData("the_one_that_restarts")]
    public void The_pod_that_is_missed_least_goes_first(string first)
    {
        var other = Sets.Pod("a");
        var goes = first switch
        {
            "the_one_without_a_node" => Sets.Pod("z", node: ""),
            "the_pending_one" => Sets.Pod("z", phase: "Pending"),
            "the_one_that_is_not_ready" => Sets.Pod("z", ready: false),
            "the_cheap_one" => Sets.Pod("z") with { DeletionCost = -1 },
            "the_one_in_a_crowd" => Sets.Pod("z", node: "n2"),
            "the_younger_one" => Sets.Pod("z", age: 5),
            _ => Sets.Pod("z") with { Restarts = 1 },
        };
        var crowd = new Dictionary<string, int> { ["n1"] = 1, ["n2"] = 2 };
        ReplicaSetDecision.InOrderOfDeletion([other, goes], crowd).First().Name.ShouldBe("z");
        ReplicaSetDecision.InOrderOfDeletion([goes, other], first == "the_one_in_a_crowd" ? crowd : Nobody).First().Name.ShouldBe("z");
    }

    [Fact]
    public void A_pod_is_available_once_it_has_been_ready_for_long_enough()
    {
        var facts = Facts(2, Sets.Pod("a", age: 60), Sets.Pod("b", age: 10), Sets.Pod("c", ready: false));
        facts.ReplicaSet["spec"]!["minReadySeconds"] = 30;
        var status = ReplicaSetDecision.Status(facts, null, true)!;
        (status.Integer("replicas"), status.Integer("readyReplicas"), status.Integer("availableReplicas")).ShouldBe((3, 2, 1));
        ReplicaSetDecision.NextAvailable(facts).ShouldBe(Sets.Now.AddSeconds(20));
    }

    [Fact]
    public void A_failure_stays_until_all_went_well()
    {
        var facts = Facts(1);
        facts.ReplicaSet["status"] = ReplicaSetDecision.Status(facts, ("FailedCreate", "no"), true);
        facts.ReplicaSet["status"]!["conditions"]!.AsArray().Single().Text("message").ShouldBe("no");
        ReplicaSetDecision.Status(facts, null, false).ShouldBeNull();
        ReplicaSetDecision.Status(facts, null, true)!.ContainsKey("conditions").ShouldBeFalse();
    }

    [Theory]
    [InlineData("O", true, false, false, "owned")]
    [InlineData("O", false, false, false, "released")]
    [InlineData("O", false, false, true, "")]
    [InlineData(null, true, false, false, "adopted")]
    [InlineData(null, true, true, false, "")]
    [InlineData(null, true, false, true, "")]
    [InlineData(null, false, false, false, "")]
    [InlineData("X", true, false, false, "")]
    public void What_nobody_controls_is_taken_and_what_is_not_meant_is_let_go(string? controller, bool matches, bool itGoes, bool ownerGoes, string expected)
    {
        var plan = ClaimDecision.Decide("O", ownerGoes, [new Claim("p", "P", controller, matches, itGoes)]);
        string.Concat([.. plan.Owned.Select(_ => "owned"), .. plan.Adopted.Select(_ => "adopted"), .. plan.Released.Select(_ => "released")]).ShouldBe(expected);
    }

    [Fact]
    public void Templates_are_told_apart_by_what_they_say_and_not_by_its_order()
    {
        var a = JsonNode.Parse("""{"metadata":{"labels":{"x":"1","y":"2"}},"spec":{"a":1}}""");
        var b = JsonNode.Parse("""{"spec":{"a":1},"metadata":{"labels":{"y":"2","x":"1","pod-template-hash":"h"}}}""");
        PodTemplates.AreEqual(a, b).ShouldBeTrue();
        PodTemplates.Hash(a, null).ShouldBe(PodTemplates.Hash(JsonNode.Parse("""{"spec":{"a":1},"metadata":{"labels":{"y":"2","x":"1"}}}"""), null));
        PodTemplates.Hash(a, null).ShouldNotBe(PodTemplates.Hash(a, 1));
        PodTemplates.Hash(a, null).ShouldMatch("^[bcdfghjklmnpqrstvwxz2456789]{1,10}$");
    }

    [Theory]
    [InlineData(0, 100)]
    [InlineData(3, 800)]
    [InlineData(30, 300000)]
    public void Waits_after_failures_double_up_to_five_minutes(int failures, int milliseconds) =>
        WorkloadLoop.Delay(failures).TotalMilliseconds.ShouldBe(milliseconds);
}
