using System.Text.Json.Nodes;
using Godwit.LocalCluster.Disruption;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Disruption;

public sealed class EvictionRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static JsonObject Pod(string phase = "Running", bool ready = true, bool deleting = false) => (JsonObject)JsonNode.Parse($$$"""
        {"metadata":{"name":"p","namespace":"ns","labels":{"app":"web"}{{{(deleting ? ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"" : "")}}}},
         "status":{"phase":"{{{phase}}}","conditions":[{"type":"Ready","status":"{{{(ready ? "True" : "False")}}}"}]}}
        """)!;

    private static JsonObject Budget(int allowed, int healthy = 3, int desired = 2, string more = "", string spec = "", string selector = """{"matchLabels":{"app":"web"}}""", int observed = 4) => (JsonObject)JsonNode.Parse($$$"""
        {"metadata":{"name":"b","namespace":"ns","generation":4},"spec":{"selector":{{{selector}}}{{{spec}}}},
         "status":{"observedGeneration":{{{observed}}},"disruptionsAllowed":{{{allowed}}},"currentHealthy":{{{healthy}}},"desiredHealthy":{{{desired}}},"expectedPods":3{{{more}}}}}
        """)!;

    private static EvictionVerdict Decide(JsonObject pod, params JsonObject[] budgets) => EvictionRules.Decide(pod, budgets, Now);

    private static string? Cause(EvictionVerdict verdict) => verdict.Refusal?.Details?["causes"]?[0].Text("message");

    [Fact]
    public void Without_a_budget_a_pod_may_go() => Decide(Pod()).ShouldBe(new EvictionVerdict());

    [Theory]
    [InlineData("""{"matchLabels":{"app":"other"}}""", false)]
    [InlineData("null", false)]
    [InlineData("""{"matchExpressions":[{"key":"app","operator":"Wrong"}]}""", false)]
    [InlineData("{}", true)]
    public void A_budget_has_a_say_over_what_it_selects(string selector, bool refused) =>
        (Decide(Pod(), Budget(0, selector: selector)).Refusal is not null).ShouldBe(refused);

    [Fact]
    public void An_eviction_takes_one_from_the_budget_and_leaves_its_name_there()
    {
        var verdict = Decide(Pod(), Budget(2));
        verdict.Refusal.ShouldBeNull();
        verdict.AtThisRevision.ShouldBeFalse();
        verdict.Spent.Integer("disruptionsAllowed").ShouldBe(1);
        verdict.Spent!["disruptedPods"]!.ToJsonString().ShouldBe("""{"p":"2026-01-02T03:04:05Z"}""");
        BudgetStatus.Condition(verdict.Spent).ShouldBeNull();
    }

    [Fact]
    public void The_last_one_turns_the_condition()
    {
        var spent = Decide(Pod(), Budget(1, more: ""","conditions":[{"type":"DisruptionAllowed","status":"True","reason":"SufficientPods"}]""")).Spent;
        BudgetStatus.Condition(spent).Text("status").ShouldBe("False");
        BudgetStatus.Condition(spent).Text("reason").ShouldBe("InsufficientPods");
    }

    [Theory]
    [InlineData(2, 2, "", "The disruption budget b needs 2 healthy pods and has 2 currently")]
    [InlineData(3, 2, "", "The disruption budget b does not allow evicting pods currently")]
    [InlineData(3, 2, """,{"type":"DisruptionAllowed","status":"False","reason":"Odd","message":"it is odd"}""", "The disruption budget b does not allow evicting pods currently (Odd): it is odd")]
    [InlineData(1, 2, """,{"type":"DisruptionAllowed","status":"False","reason":"SyncFailed","message":"no scale"}""", "The disruption budget b does not allow evicting pods currently because it failed sync: no scale")]
    public void A_spent_budget_refuses_and_says_why(int healthy, int desired, string condition, string why)
    {
        var refusal = Decide(Pod(), Budget(0, healthy, desired, $$""","conditions":[{"type":"Other"}{{condition}}]"""));
        refusal.Refusal!.Message.ShouldBe("Cannot evict pod as it would violate the pod's disruption budget.");
        (refusal.Refusal.Code, refusal.Refusal.RetryAfterSeconds, Cause(refusal)).ShouldBe((429, null, why));
    }

    [Fact]
    public void A_status_that_lags_behind_the_spec_is_to_be_asked_again_in_ten_seconds()
    {
        var verdict = Decide(Pod(), Budget(2, observed: 3));
        (verdict.Refusal!.Code, verdict.Refusal.RetryAfterSeconds).ShouldBe((429, 10));
        verdict.Refusal.Details!.ToJsonString().ShouldBe("""{"causes":[{"reason":"DisruptionBudget","message":"The disruption budget b is still being processed by the server."}],"retryAfterSeconds":10}""");
    }

    [Fact]
    public void Impossible_budgets_are_forbidden()
    {
        Decide(Pod(), Budget(-1)).Refusal!.Message.ShouldBe("poddisruptionbudget.policy \"b\" is forbidden: pdb disruptions allowed is negative");
        var crowd = string.Join(',', Enumerable.Range(0, EvictionRules.MaxDisruptedPods + 1).Select(i => $"\"x{i}\":\"2026-01-02T03:04:05Z\""));
        Decide(Pod(), Budget(1, more: $",\"disruptedPods\":{{{crowd}}}")).Refusal!.Message.ShouldContain("DisruptedPods map too big");
    }

    [Fact]
    public void Two_budgets_over_one_pod_are_an_error()
    {
        var refusal = Decide(Pod(), Budget(1), Budget(1)).Refusal!;
        (refusal.Code, refusal.Reason).ShouldBe((500, ""));
        refusal.Message.ShouldBe("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
    }

    [Theory]
    [InlineData("Succeeded", false, false)]
    [InlineData("Failed", false, false)]
    [InlineData("Pending", false, true)]
    [InlineData("Running", true, false)]
    public void What_is_not_running_goes_whatever_the_budget_says(string phase, bool deleting, bool pinned)
    {
        var verdict = Decide(Pod(phase, deleting: deleting), Budget(0), Budget(0));
        (verdict.Refusal, verdict.Spent, verdict.AtThisRevision).ShouldBe((null, null, pinned));
    }

    [Theory]
    [InlineData("", 2, 2, true)]
    [InlineData("", 1, 2, false)]
    [InlineData("", 0, 0, false)]
    [InlineData(",\"unhealthyPodEvictionPolicy\":\"IfHealthyBudget\"", 1, 2, false)]
    [InlineData(",\"unhealthyPodEvictionPolicy\":\"AlwaysAllow\"", 0, 2, true)]
    public void An_unhealthy_pod_goes_free_while_the_others_suffice_or_always_where_the_policy_says_so(string policy, int healthy, int desired, bool free)
    {
        var verdict = Decide(Pod(ready: false), Budget(0, healthy, desired, spec: policy));
        (verdict.Refusal is null).ShouldBe(free);
        verdict.AtThisRevision.ShouldBe(free);
        verdict.Spent.ShouldBeNull();
    }
}
