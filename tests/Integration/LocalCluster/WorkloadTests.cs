using System.Text.Json.Nodes;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Integration.LocalCluster;

/// <summary>Deployments, replica sets and daemon sets with the stock kubectl; no kubelet is here, so the tests say which pods are ready.</summary>
public sealed class WorkloadTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private async Task<string> NamespaceAsync()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"wait -n {ns} sa/default --for=create --timeout=20s");
        return ns;
    }

    private static string Deployment(string name, int replicas, string more = "", string env = "1") => $$$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{{name}}}, labels: {app: {{{name}}}}}
        spec:
          replicas: {{{replicas}}}
          {{{more}}}
          selector: {matchLabels: {app: {{{name}}}}}
          template:
            metadata: {labels: {app: {{{name}}}}}
            spec:
              terminationGracePeriodSeconds: 0
              containers: [{name: c, image: "i:1", env: [{name: A, value: "{{{env}}}"}]}]
        """;

    private Task ShowsAsync(string ns, string what, string path, object value) =>
        cluster.MustAsync($"wait -n {ns} {what} '--for=jsonpath={{{path}}}={value}' --timeout=20s");

    // What a kubelet would say of all the pods that match, as often as new ones come, until the object is as it should be.
    private async Task ReadyAsync(string ns, string selector, string what, Func<JsonObject, bool> isDone)
    {
        using var client = cluster.Admin();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!isDone(await cluster.GetAsync($"-n {ns} {what}")))
        {
            deadline.Token.ThrowIfCancellationRequested();
            foreach (var pod in (JsonArray)(await cluster.GetAsync($"-n {ns} pods -l {selector}"))["items"]!)
            {
                if (pod.Text("status", "phase") == "Pending")
                {
                    await client.SendAsync(HttpMethod.Patch, $"/api/v1/namespaces/{ns}/pods/{pod.Name()}/status",
                        """{"status":{"phase":"Running","podIP":"10.9.9.9","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}""", "application/merge-patch+json");
                }
            }
        }
    }

    private Task RolledAsync(string ns, string name, int replicas) => ReadyAsync(ns, "app=" + name, "deploy " + name, d =>
        d.Integer("status", "observedGeneration") == d.Integer("metadata", "generation")
        && ((string[])["replicas", "updatedReplicas", "availableReplicas"]).All(n => d.Integer("status", n) == replicas));

    private async Task<string> PodsAsync(string ns, string columns) => await cluster.MustAsync($"get pods -n {ns} --no-headers -o custom-columns={columns}");

    [Fact]
    public async Task A_deployment_is_created_scaled_rolled_and_taken_back_with_kubectl()
    {
        var ns = await NamespaceAsync();
        (await cluster.MustAsync($"create -n {ns} -f -", Deployment("web", 2))).ShouldBe("deployment.apps/web created\n");
        await ShowsAsync(ns, "deploy/web", ".status.updatedReplicas", 2);
        (await cluster.MustAsync($"get -n {ns} deploy -o wide")).ShouldMatch("^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR\nweb +0/2 +2 +0 +\\d+s +c +i:1 +app=web\n$");
        var first = (await cluster.MustAsync($"get -n {ns} rs -o name")).Trim();
        first.ShouldMatch("^replicaset.apps/web-[a-z0-9]+$");
        await RolledAsync(ns, "web", 2);
        (await cluster.MustAsync($"rollout status -n {ns} deploy/web --timeout=20s")).ShouldEndWith("deployment \"web\" successfully rolled out\n");

        (await cluster.MustAsync($"set env -n {ns} deploy/web A=2")).ShouldBe("deployment.apps/web env updated\n");
        await ShowsAsync(ns, "deploy/web", ".status.updatedReplicas", 1);
        (await cluster.MustAsync($"get -n {ns} rs --no-headers")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(2);
        await RolledAsync(ns, "web", 2);
        (await cluster.MustAsync($"rollout status -n {ns} deploy/web --timeout=20s")).ShouldEndWith("deployment \"web\" successfully rolled out\n");
        (await cluster.MustAsync($"rollout history -n {ns} deploy/web")).ShouldBe("deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n");
        (await cluster.MustAsync($"rollout history -n {ns} deploy/web --revision=1")).ShouldContain("A:\t1\n");

        (await cluster.MustAsync($"rollout undo -n {ns} deploy/web")).ShouldBe("deployment.apps/web rolled back\n");
        await RolledAsync(ns, "web", 2);
        (await cluster.MustAsync($"rollout status -n {ns} deploy/web --timeout=20s")).ShouldEndWith("successfully rolled out\n");
        (await cluster.GetAsync($"-n {ns} {first}")).Text("metadata", "annotations", "deployment.kubernetes.io/revision").ShouldBe("3");
        (await cluster.GetAsync($"-n {ns} {first}")).Text("metadata", "annotations", "deployment.kubernetes.io/revision-history").ShouldBe("1");
        (await PodsAsync(ns, "A:.spec.containers[0].env[0].value")).ShouldBe("1\n1\n");

        (await cluster.MustAsync($"scale -n {ns} deploy/web --replicas=3")).ShouldBe("deployment.apps/web scaled\n");
        await RolledAsync(ns, "web", 3);
        (await cluster.KubectlAsync($"scale -n {ns} deploy/web --replicas=1 --current-replicas=7")).Error.ShouldBe("error: Expected replicas to be 7, was 3\n");
        (await cluster.KubectlAsync($"rollout undo -n {ns} deploy/web --to-revision=99")).Error.ShouldBe("error: unable to find specified revision 99 in history\n");
        var events = await cluster.MustAsync($"events -n {ns} --for=deploy/web --no-headers");
        events.ShouldContain("ScalingReplicaSet");
        events.ShouldMatch("Scaled up replica set web-\\w+ from 0 to 2\n");
        events.ShouldMatch("Scaled up replica set web-\\w+ from 2 to 3\n");

        await cluster.MustAsync($"delete -n {ns} deploy web --timeout=30s");
        await cluster.MustAsync($"wait -n {ns} pods -l app=web --for=delete --timeout=30s");
        (await cluster.MustAsync($"get -n {ns} deploy,rs,pods -o name")).ShouldBeEmpty();
        cluster.EndedControllers.ShouldBeEmpty();
    }

    [Fact]
    public async Task Typed_clients_create_deployments_too()
    {
        var ns = await NamespaceAsync();
        (await cluster.MustAsync($"create deployment -n {ns} d1 --image=busybox:1.35 --replicas=0 --port=80")).ShouldBe("deployment.apps/d1 created\n");
        await ShowsAsync(ns, "deploy/d1", ".status.observedGeneration", 1);
        var deployment = await cluster.GetAsync($"-n {ns} deploy d1");
        deployment["spec"]!.AsObject().Select(p => p.Key).Order(StringComparer.Ordinal).ShouldBe(
            ["progressDeadlineSeconds", "replicas", "revisionHistoryLimit", "selector", "strategy", "template"]);
        JsonNode.DeepEquals(deployment.At("spec", "template", "spec", "containers"), JsonNode.Parse("""
            [{"name":"busybox","image":"busybox:1.35","imagePullPolicy":"IfNotPresent","ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{},
              "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}]
            """)).ShouldBeTrue(deployment.ToJsonString());
        (await cluster.MustAsync($"get -n {ns} all -o name")).ShouldMatch("^deployment.apps/d1\nreplicaset.apps/d1-[a-z0-9]+\n$");
    }

    [Fact]
    public async Task A_paused_deployment_waits_and_a_restart_rolls()
    {
        var ns = await NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", Deployment("p", 1));
        await RolledAsync(ns, "p", 1);
        await cluster.MustAsync($"rollout pause -n {ns} deploy/p");
        (await cluster.KubectlAsync($"rollout pause -n {ns} deploy/p")).Error.ShouldBe("error: deployments.apps \"p\" is already paused\n");
        await cluster.MustAsync($"set image -n {ns} deploy/p c=i:2");
        await ShowsAsync(ns, "deploy/p", ".status.observedGeneration", 3);
        (await PodsAsync(ns, "I:.spec.containers[0].image")).ShouldBe("i:1\n");
        await cluster.MustAsync($"rollout resume -n {ns} deploy/p");
        await RolledAsync(ns, "p", 1);
        (await PodsAsync(ns, "I:.spec.containers[0].image")).ShouldBe("i:2\n");
        await cluster.MustAsync($"rollout restart -n {ns} deploy/p");
        await cluster.MustAsync($"wait -n {ns} deploy/p '--for=jsonpath={{.metadata.annotations.deployment\\.kubernetes\\.io/revision}}=3' --timeout=20s");
    }

    [Fact]
    public async Task A_recreation_has_no_two_templates_at_once()
    {
        var ns = await NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", Deployment("r", 2, "strategy: {type: Recreate}"));
        await RolledAsync(ns, "r", 2);
        await cluster.MustAsync($"set env -n {ns} deploy/r A=2");
        await RolledAsync(ns, "r", 2);
        await ShowsAsync(ns, "deploy/r", ".status.updatedReplicas", 2);
        (await cluster.MustAsync($"events -n {ns} --for=deploy/r --no-headers")).ShouldMatch("from 0 to 2\n[^$]*Scaled down replica set r-\\w+ from 2 to 0\n[^$]*from 0 to 2\n");
    }

    [Fact]
    public async Task What_stops_pods_from_being_created_is_said_and_tried_again()
    {
        var ns = await NamespaceAsync();
        await cluster.MustAsync($"create quota -n {ns} q --hard=pods=1");
        await ShowsAsync(ns, "quota/q", ".status.hard.pods", 1);
        await cluster.MustAsync($"create -n {ns} -f -", Deployment("f", 2));
        await cluster.MustAsync($"wait -n {ns} deploy/f --for=condition=ReplicaFailure --timeout=20s");
        var condition = (await cluster.GetAsync($"-n {ns} deploy f")).At("status", "conditions")!.AsArray().Single(c => c.Text("type") == "ReplicaFailure");
        condition.Text("reason").ShouldBe("FailedCreate");
        condition.Text("message")!.ShouldMatch("^pods \"f-\\w+-\\w+\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1$");
        (await cluster.MustAsync($"get events -n {ns} --field-selector=reason=FailedCreate -o custom-columns=M:.message --no-headers")).ShouldStartWith("Error creating: pods \"f-");
        await cluster.MustAsync("patch -n " + ns + " quota q --type=merge -p '{\"spec\":{\"hard\":{\"pods\":\"5\"}}}'");
        await ShowsAsync(ns, "deploy/f", ".status.updatedReplicas", 2);
        (await cluster.GetAsync($"-n {ns} deploy f"))["status"]!.ToJsonString().ShouldNotContain("ReplicaFailure");
    }

    [Fact]
    public async Task A_replica_set_takes_pods_that_it_selects_and_lets_go_those_that_it_does_not()
    {
        var ns = await NamespaceAsync();
        await cluster.MustAsync($"run -n {ns} stray --image=i --labels=app=s");
        await cluster.MustAsync($"create -n {ns} -f -", Deployment("s", 2).Replace("kind: Deployment", "kind: ReplicaSet", StringComparison.Ordinal));
        await ShowsAsync(ns, "rs/s", ".status.replicas", 2);
        (await cluster.GetAsync($"-n {ns} pod stray"))["metadata"]!["ownerReferences"]![0].Text("name").ShouldBe("s");
        await cluster.MustAsync($"label -n {ns} pod stray app=other --overwrite");
        await cluster.MustAsync($"wait -n {ns} rs/s --for=jsonpath={{.status.replicas}}=2 --timeout=20s");
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await cluster.MustAsync($"get -n {ns} pods -l app=s -o name")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length != 2)
        {
            deadline.Token.ThrowIfCancellationRequested();
        }

        (await cluster.GetAsync($"-n {ns} pod stray"))["metadata"]!["ownerReferences"].ShouldBeNull();
        await cluster.MustAsync($"delete -n {ns} rs s --cascade=orphan");
        (await cluster.MustAsync($"get -n {ns} pods -l app=s -o name")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(2);
    }

    [Fact]
    public async Task A_budget_of_a_deployment_counts_what_the_deployment_wants()
    {
        var ns = await NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", Deployment("b", 4));
        await RolledAsync(ns, "b", 4);
        await cluster.MustAsync($"create pdb -n {ns} b --selector=app=b --max-unavailable=1");
        await ShowsAsync(ns, "pdb/b", ".status.disruptionsAllowed", 1);
        await cluster.MustAsync($"set env -n {ns} deploy/b A=2");
        await ShowsAsync(ns, "deploy/b", ".status.updatedReplicas", 2);
        (await cluster.GetAsync($"-n {ns} pdb b")).Integer("status", "expectedPods").ShouldBe(4);
    }

    [Fact]
    public async Task Workloads_that_make_no_sense_are_refused()
    {
        var ns = await NamespaceAsync();
        async Task<string> RefusalAsync(string yaml) => (await cluster.KubectlAsync($"create -n {ns} -f -", yaml)).Error;
        var good = Deployment("xx", 1);
        (await RefusalAsync(good.Replace("matchLabels: {app: xx}", "matchLabels: {app: yy}", StringComparison.Ordinal))).ShouldBe(
            "The Deployment \"xx\" is invalid: spec.template.metadata.labels: Invalid value: {\"app\":\"xx\"}: `selector` does not match template `labels`\n");
        (await RefusalAsync(good.Replace("replicas: 1", "replicas: -1", StringComparison.Ordinal))).ShouldBe(
            "The Deployment \"xx\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0\n");
        (await RefusalAsync(good.Replace("  selector: {matchLabels: {app: xx}}", "", StringComparison.Ordinal))).ShouldContain("spec.selector: Required value");
        (await RefusalAsync(good.Replace("{matchLabels: {app: xx}}", "{}", StringComparison.Ordinal))).ShouldContain("spec.selector: Invalid value: {}: empty selector is invalid for deployment");
        (await RefusalAsync(Deployment("xx", 1, "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}"))).ShouldContain("spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"0%\": may not be 0 when `maxSurge` is 0");
        (await RefusalAsync(Deployment("xx", 1, "strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}"))).ShouldContain("spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'");
        (await RefusalAsync(Deployment("xx", 1, "progressDeadlineSeconds: 5\n  minReadySeconds: 5"))).ShouldContain("spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds");
        (await RefusalAsync(good.Replace("terminationGracePeriodSeconds: 0", "restartPolicy: Never", StringComparison.Ordinal))).ShouldContain("spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"");
        await cluster.MustAsync($"create -n {ns} -f -", good);
        (await cluster.KubectlAsync($"apply -n {ns} -f -", good.Replace("app: xx}", "app: zz}", StringComparison.Ordinal))).Error
            .ShouldContain("spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"zz\"}}: field is immutable");
    }
}
