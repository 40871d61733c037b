using System.Text.Json.Nodes;
using Godwit.LocalCluster.Workloads;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.LocalCluster.Workloads;

public sealed class DeploymentDecisionTests
{
    private static DeploymentPlan Decide(JsonObject deployment, params JsonObject[] sets) => DeploymentDecision.Decide(new(deployment, sets, Sets.Now));

    private static JsonObject With(JsonObject deployment, string status)
    {
        deployment["status"] = JsonNode.Parse(status);
        return deployment;
    }

    private static string? Reason(DeploymentPlan plan, string type) =>
        plan.Deployment!.At("status", "conditions")!.AsArray().SingleOrDefault(c => c.Text("type") == type).Text("reason");

    [Fact]
    public void The_first_replica_set_gets_all_pods_a_hash_and_the_first_number()
    {
        var plan = Decide(Sets.Deployment(3, "a"));
        var set = plan.Creation!;
        var hash = set.Text("metadata", "labels", "pod-template-hash")!;
        set.Name().ShouldBe("d-" + hash);
        set.Integer("spec", "replicas").ShouldBe(3);
        set.Text("spec", "selector", "matchLabels", "pod-template-hash").ShouldBe(hash);
        set.Text("spec", "template", "metadata", "labels", "pod-template-hash").ShouldBe(hash);
        set.Annotations().ShouldBe(new Dictionary<string, string>
        {
            ["deployment.kubernetes.io/revision"] = "1",
            ["deployment.kubernetes.io/desired-replicas"] = "3",
            ["deployment.kubernetes.io/max-replicas"] = "4",
        }, ignoreOrder: true);
        plan.Scalings.ShouldBe([$"Scaled up replica set d-{hash} from 0 to 3"]);
        plan.Deployment.Text("metadata", "annotations", "deployment.kubernetes.io/revision").ShouldBe("1");
        (Reason(plan, "Progressing"), Reason(plan, "Available")).ShouldBe(("NewReplicaSetCreated", "MinimumReplicasUnavailable"));
    }

    // Old and new set: wanted and available; then the strategy, and what becomes of both.
    [Theory]
    [InlineData(4, "4/4", "0/0", "25%", "25%", "4 1")]
    [InlineData(4, "4/4", "1/0", "25%", "25%", "3 1")]
    [InlineData(4, "3/3", "1/0", "25%", "25%", "3 2")]
    [InlineData(4, "3/3", "2/0", "25%", "25%", "3 2")]
    [InlineData(4, "3/3", "2/1", "25%", "25%", "2 2")]
    [InlineData(4, "0/0", "4/4", "25%", "25%", "0 4")]
    [InlineData(2, "2/2", "1/0", "1", "0", "2 1")]
    [InlineData(2, "2/2", "1/1", "1", "0", "1 1")]
    [InlineData(2, "2/2", "0/0", "0", "1", "1 0")]
    [InlineData(2, "2/0", "1/0", "1", "0", "2 1")]
    [InlineData(4, "4/2", "1/1", "1", "1", "2 1")]
    [InlineData(1, "1/1", "0/0", "0", "25%", "0 0")]
    public void A_rollout_keeps_to_its_bounds(int wanted, string old, string newest, string surge, string unavailable, string expected)
    {
        var deployment = Sets.Deployment(wanted, "b");
        var rolling = deployment["spec"]!["strategy"]!["rollingUpdate"]!;
        rolling["maxSurge"] = int.TryParse(surge, out var s) ? s : surge;
        rolling["maxUnavailable"] = int.TryParse(unavailable, out var u) ? u : unavailable;
        var (a, b) = (old.Split('/').Select(int.Parse).ToArray(), newest.Split('/').Select(int.Parse).ToArray());
        var plan = Decide(deployment, Sets.ReplicaSet("a", a[0], a[1], 1), Sets.ReplicaSet("b", b[0], b[1], 2));
        var sizes = new[] { ("d-a", a[0]), ("d-b", b[0]) }.Select(x => plan.Changes.FirstOrDefault(c => c.Name() == x.Item1)?.Integer("spec", "replicas") ?? x.Item2);
        string.Join(' ', sizes).ShouldBe(expected);
    }

    [Fact]
    public void Of_many_old_sets_those_that_do_not_work_go_first()
    {
        var plan = Decide(Sets.Deployment(4, "c"), Sets.ReplicaSet("a", 3, 3, 1), Sets.ReplicaSet("b", 1, 0, 2), Sets.ReplicaSet("c", 1, 1, 3));
        plan.Scalings.ShouldBe(["Scaled down replica set d-b from 1 to 0", "Scaled down replica set d-a from 3 to 2"]);
    }

    [Fact]
    public void A_recreation_waits_for_the_last_pod()
    {
        var deployment = Sets.Deployment(2, "b");
        deployment["spec"]!["strategy"] = new JsonObject { ["type"] = "Recreate" };
        Decide(deployment, Sets.ReplicaSet("a", 2, 2, 1)).Scalings.ShouldBe(["Scaled down replica set d-a from 2 to 0"]);
        Decide(deployment, Sets.ReplicaSet("a", 0, 0, 1, replicas: 1)).Creation.ShouldBeNull();
        var gone = Sets.ReplicaSet("a", 0, 0, 1);
        DeploymentDecision.Decide(new(deployment, [gone], Sets.Now) { SetsWithPods = new HashSet<string> { "a" } }).Creation.ShouldBeNull();
        Decide(deployment, gone).Creation.Integer("spec", "replicas").ShouldBe(2);
    }

    [Fact]
    public void Going_back_gives_the_old_set_a_new_number_and_remembers_the_one_it_had()
    {
        var plan = Decide(Sets.Deployment(2, "a"), Sets.ReplicaSet("a", 0, 0, 1), Sets.ReplicaSet("b", 2, 2, 2));
        var set = plan.Changes.Single(c => c.Name() == "d-a");
        set.Annotations()["deployment.kubernetes.io/revision"].ShouldBe("3");
        set.Annotations()["deployment.kubernetes.io/revision-history"].ShouldBe("1");
        plan.Creation.ShouldBeNull();
        plan.Deployment.Text("metadata", "annotations", "deployment.kubernetes.io/revision").ShouldBe("3");
    }

    [Theory]
    [InlineData(10, "a:10 b:3", "a:6 b:2", 8, 10)]
    [InlineData(0, "a:0 b:0", "a:6 b:2", 8, 10)]
    [InlineData(4, "a:3 b:2", "a:6 b:2", 8, 10)]
    public void A_new_scale_in_the_middle_of_a_rollout_is_shared_out(int wanted, string expected, string before, int desired, int most)
    {
        var sizes = before.Split(' ').Select(p => p.Split(':')).ToDictionary(p => p[0], p => int.Parse(p[1]), StringComparer.Ordinal);
        var plan = Decide(Sets.Deployment(wanted, "b"),
            Sets.ReplicaSet("a", sizes["a"], sizes["a"], 1, desired: desired, most: most), Sets.ReplicaSet("b", sizes["b"], 0, 2, desired: desired, most: most));
        string.Join(' ', plan.Changes.OrderBy(c => c.Name(), StringComparer.Ordinal).Select(c => $"{c.Name()[2..]}:{c.Integer("spec", "replicas")}")).ShouldBe(expected);
        plan.Changes.ShouldAllBe(c => c.Annotations()["deployment.kubernetes.io/desired-replicas"] == $"{wanted}");
    }

    [Fact]
    public void A_paused_deployment_is_scaled_but_makes_no_new_set()
    {
        var deployment = Sets.Deployment(5, "b", ",\"paused\":true");
        var plan = Decide(deployment, Sets.ReplicaSet("a", 2, 2, 1, desired: 2, most: 3));
        plan.Creation.ShouldBeNull();
        plan.Scalings.ShouldBe(["Scaled up replica set d-a from 2 to 5"]);
        Reason(plan, "Progressing").ShouldBe("DeploymentPaused");
    }

    [Fact]
    public void A_rollout_that_stands_still_is_late_after_its_deadline_and_not_before()
    {
        const string status = """
            {"observedGeneration":1,"replicas":2,"updatedReplicas":1,"availableReplicas":1,"readyReplicas":1,
             "conditions":[{"type":"Progressing","status":"True","reason":"ReplicaSetUpdated","lastUpdateTime":"2026-01-01T11:50:00Z","lastTransitionTime":"2026-01-01T11:50:00Z"}]}
            """;
        JsonObject[] sets = [Sets.ReplicaSet("a", 1, 1, 1), Sets.ReplicaSet("b", 1, 0, 2)];
        Reason(Decide(With(Sets.Deployment(1, "b"), status), sets), "Progressing").ShouldBe("ProgressDeadlineExceeded");
        var early = DeploymentDecision.Decide(new(With(Sets.Deployment(1, "b"), status), sets, Sets.Now.AddSeconds(-1)));
        Reason(early, "Progressing").ShouldBe("ReplicaSetUpdated");
        early.LookAgainAt.ShouldBe(Sets.Now);
    }

    [Fact]
    public void A_finished_rollout_says_so_and_forgets_what_is_too_old()
    {
        var deployment = With(Sets.Deployment(1, "d"), """{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"availableReplicas":1,"readyReplicas":1}""");
        var plan = Decide(deployment, Sets.ReplicaSet("a", 0, 0, 1), Sets.ReplicaSet("b", 0, 0, 2), Sets.ReplicaSet("c", 0, 0, 3), Sets.ReplicaSet("d", 1, 1, 4));
        plan.Deletions.Select(d => d.Name).ShouldBe(["d-a", "d-b"]);
        Reason(plan, "Progressing").ShouldBe("NewReplicaSetAvailable");
        plan.LookAgainAt.ShouldBeNull();
    }

    [Fact]
    public void What_is_as_it_should_be_is_not_written_again()
    {
        var deployment = Sets.Deployment(1, "a");
        var set = Sets.ReplicaSet("a", 1, 1, 1, desired: 1, most: 2);
        for (var i = 0; i < 3; i++)
        {
            deployment = Decide(deployment, set).Deployment ?? deployment;
        }

        var plan = Decide(deployment, set);
        (plan.Deployment, plan.Changes.Count, plan.Scalings.Count, plan.Creation).ShouldBe((null, 0, 0, null));
    }
}
