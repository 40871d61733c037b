using System.Text.Json.Nodes;
using Godwit.LocalCluster.Disruption;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Disruption;

public sealed class DisruptionDecisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static JsonObject Budget(string spec, string? status = null) => (JsonObject)JsonNode.Parse(
        $$$"""{"metadata":{"name":"b","namespace":"ns","generation":3},"spec":{{{spec}}}{{{(status is null ? "" : ",\"status\":" + status)}}}}""")!;

    // "name" is a healthy pod; what follows in the word: ~ not ready, ! on its way out, @x controlled by x.
    private static GuardedPod Pod(string word) =>
        new(word.Split('~', '!', '@')[0], word.Contains('!'), !word.Contains('~'), word.Contains('@') ? word[(word.IndexOf('@') + 1)..] : null);

    private static DisruptionFacts Facts(JsonObject budget, params string[] pods) => new(budget, Now) { Pods = [.. pods.Select(Pod)] };

    private static DisruptionFacts Facts(JsonObject budget, (string Uid, ControllerScale Scale)[] scales, params string[] pods) =>
        Facts(budget, pods) with { Scales = scales.ToDictionary(s => s.Uid, s => s.Scale, StringComparer.Ordinal) };

    // allowed/healthy/desired/expected
    private static string Numbers(DisruptionPlan plan) =>
        string.Join('/', new[] { "disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods" }.Select(n => plan.Status.Integer(n)));

    private static string Verdict(DisruptionPlan plan)
    {
        var condition = BudgetStatus.Condition(plan.Status)!;
        return $"{condition.Text("status")} {condition.Text("reason")} {condition.Text("message")}".TrimEnd();
    }

    [Theory]
    [InlineData("""{"minAvailable":2}""", "1/3/2/3", "True SufficientPods")]
    [InlineData("""{"minAvailable":3}""", "0/3/3/3", "False InsufficientPods")]
    [InlineData("""{"minAvailable":5}""", "0/3/5/3", "False InsufficientPods")]
    [InlineData("""{"minAvailable":0}""", "3/3/0/3", "True SufficientPods")]
    [InlineData("""{"minAvailable":"50%"}""", "1/3/2/4", "True SufficientPods")]
    [InlineData("""{"minAvailable":"51%"}""", "0/3/3/4", "False InsufficientPods")]
    [InlineData("""{"minAvailable":"100%"}""", "0/3/4/4", "False InsufficientPods")]
    [InlineData("""{"maxUnavailable":2}""", "1/3/2/4", "True SufficientPods")]
    [InlineData("""{"maxUnavailable":9}""", "3/3/0/4", "True SufficientPods")]
    [InlineData("""{"maxUnavailable":"30%"}""", "1/3/2/4", "True SufficientPods")]
    [InlineData("""{"maxUnavailable":0}""", "0/3/4/4", "False InsufficientPods")]
    [InlineData("{}", "0/3/0/0", "False InsufficientPods")]
    public void What_may_go_is_what_is_healthy_beyond_the_bound(string spec, string numbers, string verdict)
    {
        var plan = DisruptionDecision.Decide(Facts(Budget(spec), [("set", new(4))], "a@set", "b@set", "c@set"));
        Numbers(plan).ShouldBe(numbers);
        Verdict(plan).ShouldBe(verdict);
        plan.Status.Integer("observedGeneration").ShouldBe(3);
        BudgetStatus.Condition(plan.Status).Integer("observedGeneration").ShouldBe(3);
    }

    [Fact]
    public void Pods_that_are_not_ready_or_on_their_way_out_are_expected_but_not_healthy() =>
        Numbers(DisruptionDecision.Decide(Facts(Budget("""{"minAvailable":1}"""), "a", "b", "c~", "d!"))).ShouldBe("1/2/1/4");

    [Fact]
    public void A_budget_without_pods_allows_nothing() =>
        Numbers(DisruptionDecision.Decide(Facts(Budget("""{"minAvailable":0}""")))).ShouldBe("0/0/0/0");

    [Fact]
    public void Each_controller_is_counted_once_and_pods_without_one_not_at_all() =>
        Numbers(DisruptionDecision.Decide(Facts(Budget("""{"maxUnavailable":1}"""), [("x", new(2)), ("y", new(3))], "a@x", "b@x", "c@y", "d")))
            .ShouldBe("0/4/4/5");

    [Fact]
    public void Where_no_pod_has_a_controller_a_share_of_them_cannot_be_told_and_nothing_may_go() =>
        Numbers(DisruptionDecision.Decide(Facts(Budget("""{"maxUnavailable":1}"""), "a", "b"))).ShouldBe("0/2/0/0");

    [Theory]
    [InlineData(null, "False SyncFailed found no controllers for pod \"a\"")]
    [InlineData("things.example.com does not implement the scale subresource", "False SyncFailed things.example.com does not implement the scale subresource")]
    public void While_what_a_controller_wants_is_unknown_nothing_may_go_and_the_condition_says_why(string? problem, string verdict)
    {
        const string before = """{"observedGeneration":2,"disruptionsAllowed":1,"currentHealthy":2,"desiredHealthy":1,"expectedPods":2}""";
        var plan = DisruptionDecision.Decide(Facts(Budget("""{"minAvailable":"50%"}""", before), [("x", new(null, problem))], "a@x"));
        Numbers(plan).ShouldBe("0/2/1/2");
        Verdict(plan).ShouldBe(verdict);
        plan.Status.Integer("observedGeneration").ShouldBe(2);
        Verdict(DisruptionDecision.Decide(Facts(Budget("""{"minAvailable":1}"""), [("x", new(null, problem))], "a@x", "b@x"))).ShouldBe("True SufficientPods");
    }

    [Fact]
    public void A_selector_that_cannot_be_read_lets_nothing_go() =>
        Verdict(DisruptionDecision.Decide(Facts(Budget("""{"minAvailable":0}"""), "a") with { Problem = "bad" })).ShouldBe("False SyncFailed bad");

    [Fact]
    public void An_evicted_pod_counts_as_gone_until_it_goes_or_two_minutes_have_passed()
    {
        const string status = """{"disruptedPods":{"a":"2026-01-02T03:02:06Z","b":"2026-01-02T03:02:05Z","c":"2026-01-02T03:04:00Z","gone":"2026-01-02T03:04:00Z"}}""";
        var plan = DisruptionDecision.Decide(Facts(Budget("""{"minAvailable":1}""", status), "a", "b", "c!", "d"));
        Numbers(plan).ShouldBe("1/2/1/4");
        plan.Status!["disruptedPods"]!.ToJsonString().ShouldBe("""{"a":"2026-01-02T03:02:06Z"}""");
        plan.LookAgainAt.ShouldBe(Now.AddSeconds(1));
        var later = Facts(Budget("""{"minAvailable":1}""", status), "a", "b", "c!", "d") with { Now = Now.AddSeconds(1) };
        Numbers(DisruptionDecision.Decide(later)).ShouldBe("2/3/1/4");
        DisruptionDecision.Decide(later).Status!["disruptedPods"].ShouldBeNull();
    }

    [Fact]
    public void A_status_that_is_right_is_left_alone()
    {
        var plan = DisruptionDecision.Decide(Facts(Budget("""{"minAvailable":1}"""), "a", "b"));
        var stored = plan.Status!.ToJsonString();
        DisruptionDecision.Decide(Facts(Budget("""{"minAvailable":1}""", stored), "a", "b") with { Now = Now.AddHours(1) }).Status.ShouldBeNull();
        DisruptionDecision.Decide(Facts(Budget("""{"minAvailable":1}""", stored), "a", "b~")).Status.ShouldNotBeNull();
    }

    [Fact]
    public void The_time_of_the_condition_moves_only_with_its_status()
    {
        var first = DisruptionDecision.Decide(Facts(Budget("""{"minAvailable":1}"""), "a", "b")).Status!;
        var later = Facts(Budget("""{"minAvailable":1}""", first.ToJsonString()), "a", "b", "c") with { Now = Now.AddHours(1) };
        BudgetStatus.Condition(DisruptionDecision.Decide(later).Status).Text("lastTransitionTime").ShouldBe("2026-01-02T03:04:05Z");
        var turned = later with { Pods = [Pod("a")] };
        BudgetStatus.Condition(DisruptionDecision.Decide(turned).Status).Text("lastTransitionTime").ShouldBe("2026-01-02T04:04:05Z");
    }
}
