using Godwit.Integration.LocalCluster;
using Shouldly;
using Xunit;

namespace Godwit.Tests.Integration.Kubelet;

/// <summary>Deployments and daemon sets with real pods on real nodes, by the stock kubectl.</summary>
[Collection(NodeCollection.Name)]
public sealed class WorkloadPodTests(NodeCluster cluster)
{
    private Kubectl Kubectl => new(Path.Combine(cluster.Options.StateDirectory, "kubeconfig"), cluster.Options.StateDirectory);

    private static string Workload(string kind, string name, string spec, string script = "sleep 100000") => $$$"""
        apiVersion: apps/v1
        kind: {{{kind}}}
        metadata: {name: {{{name}}}, namespace: default}
        spec:
          selector: {matchLabels: {app: {{{name}}}}}
          template:
            metadata: {labels: {app: {{{name}}}}}
            spec:
              terminationGracePeriodSeconds: 0
              containers: [{name: c, image: {{{NodeCluster.Image}}}, command: [/bin/sh, -c, "{{{script}}}"], env: [{name: A, value: "1"}]}]
        {{{spec}}}
        """;

    [Fact]
    public async Task A_deployment_rolls_real_pods_and_a_drain_waits_for_its_budget()
    {
        await Kubectl.MustAsync("apply -f -", Workload("Deployment", "roll", "  replicas: 2"));
        (await Kubectl.MustAsync("rollout status deploy/roll --timeout=50s")).ShouldEndWith("deployment \"roll\" successfully rolled out\n");
        await Kubectl.MustAsync("set env deploy/roll A=2");
        (await Kubectl.MustAsync("rollout status deploy/roll --timeout=50s")).ShouldEndWith("deployment \"roll\" successfully rolled out\n");
        await Kubectl.MustAsync("rollout undo deploy/roll");
        (await Kubectl.MustAsync("rollout status deploy/roll --timeout=50s")).ShouldEndWith("deployment \"roll\" successfully rolled out\n");
        await Kubectl.MustAsync("create pdb roll --selector=app=roll --min-available=2");
        await Kubectl.MustAsync("wait pdb/roll --for=jsonpath={.status.currentHealthy}=2 --timeout=20s");
        var node = (await Kubectl.MustAsync("get pods -l app=roll -o jsonpath={.items[0].spec.nodeName}")).Trim();
        var drain = await Kubectl.ComplainingAsync($"drain {node} --pod-selector=app=roll --timeout=50s", static line => line.Contains("will retry", StringComparison.Ordinal),
            () => Kubectl.MustAsync("scale deploy/roll --replicas=3"));
        drain.Exit.ShouldBe(0, drain.Error);
        await Kubectl.MustAsync($"uncordon {node}");
        (await Kubectl.MustAsync("rollout status deploy/roll --timeout=50s")).ShouldEndWith("deployment \"roll\" successfully rolled out\n");
        await Kubectl.MustAsync("delete pdb roll");
        await Kubectl.MustAsync("delete deploy roll --cascade=foreground --timeout=30s");
        (await Kubectl.MustAsync("get rs,pods -l app=roll -o name")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_daemon_set_has_a_pod_on_each_node_rolls_and_outlives_a_drain()
    {
        await Kubectl.MustAsync("apply -f -", Workload("DaemonSet", "each", ""));
        (await Kubectl.MustAsync("rollout status ds/each --timeout=50s")).ShouldEndWith("daemon set \"each\" successfully rolled out\n");
        (await Kubectl.MustAsync("get ds each --no-headers")).ShouldMatch("^each +2 +2 +2 +2 +2 +<none> +\\d+s\n$");
        var nodes = await Kubectl.MustAsync("get pods -l app=each -o custom-columns=N:.spec.nodeName --no-headers");
        nodes.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).ShouldBe(cluster.Options.Nodes.Order(StringComparer.Ordinal));
        await Kubectl.MustAsync("set env ds/each A=2");
        (await Kubectl.MustAsync("rollout status ds/each --timeout=50s")).ShouldEndWith("daemon set \"each\" successfully rolled out\n");
        (await Kubectl.MustAsync("rollout history ds/each")).ShouldBe("daemonset.apps/each \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n");
        await Kubectl.MustAsync("rollout undo ds/each");
        (await Kubectl.MustAsync("rollout status ds/each --timeout=50s")).ShouldEndWith("daemon set \"each\" successfully rolled out\n");
        (await Kubectl.MustAsync("get pods -l app=each -o custom-columns=N:.spec.containers[0].env[0].value --no-headers")).ShouldBe("1\n1\n");

        var node = cluster.Options.Nodes[0];
        (await Kubectl.RunAsync($"drain {node} --pod-selector=app=each --timeout=20s")).Error.ShouldContain("cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): default/each-");
        (await Kubectl.RunAsync($"drain {node} --pod-selector=app=each --ignore-daemonsets --timeout=20s")).Exit.ShouldBe(0);
        (await Kubectl.MustAsync("get pods -l app=each -o name")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(2);
        await Kubectl.MustAsync($"uncordon {node}");
        await Kubectl.MustAsync("delete ds each --timeout=30s");
        await Kubectl.MustAsync("wait pods -l app=each --for=delete --timeout=30s");
        (await Kubectl.MustAsync("get controllerrevisions -o name")).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_API_server_reaches_a_service_of_a_deployment_once_its_pod_listens()
    {
        const string script = "mkdir -p /tmp/w/apis/late.example && cd /tmp/w && echo '{}' > apis/late.example/v1 && "
            + "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=late.default.svc -days 1 -keyout k -out c && exec openssl s_server -accept 8443 -cert c -key k -WWW";
        await Kubectl.MustAsync("apply -f -", $$$"""
            apiVersion: v1
            kind: Service
            metadata: {name: late, namespace: default}
            spec: {selector: {app: late}, ports: [{port: 443, targetPort: tls}]}
            ---
            apiVersion: apiregistration.k8s.io/v1
            kind: APIService
            metadata: {name: v1.late.example}
            spec: {group: late.example, version: v1, groupPriorityMinimum: 1000, versionPriority: 15, insecureSkipTLSVerify: true, service: {name: late, namespace: default}}
            """);
        await Kubectl.MustAsync("wait apiservice/v1.late.example --for=jsonpath={.status.conditions[0].reason}=MissingEndpoints --timeout=20s");
        await Kubectl.MustAsync("apply -f -", Workload("Deployment", "late", "  replicas: 1", script).Replace(
            "name: c, ", "name: c, ports: [{name: tls, containerPort: 8443}], readinessProbe: {tcpSocket: {port: 8443}, periodSeconds: 1}, ", StringComparison.Ordinal));
        await Kubectl.MustAsync("wait deploy/late --for=condition=Available --timeout=50s");
        await Kubectl.MustAsync("wait apiservice/v1.late.example --for=condition=Available --timeout=30s");
        (await Kubectl.MustAsync("get --raw /apis/late.example/v1")).ShouldBe("{}\n");
        (await Kubectl.MustAsync("get endpointslices -l kubernetes.io/service-name=late -o jsonpath={.items[0].endpoints[*].conditions.ready}")).ShouldBe("true");
        await Kubectl.MustAsync("scale deploy/late --replicas=0");
        await Kubectl.MustAsync("wait apiservice/v1.late.example --for=jsonpath={.status.conditions[0].reason}=MissingEndpoints --timeout=30s");
        await Kubectl.MustAsync("delete apiservice/v1.late.example svc/late deploy/late");
    }
}
