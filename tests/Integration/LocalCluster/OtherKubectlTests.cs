using Shouldly;
using Xunit;

namespace Godwit.Integration.LocalCluster;

/// <summary>
/// What people do every day and what KubeVirt's document of 2020 shows, with other kubectls than the machine's: Debian's own (1.20
/// on Debian 12, which validates and explains by OpenAPI v2) and, where they are at hand, the oldest and newest beside the machine's.
/// </summary>
public sealed class OtherKubectlTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 0
              containers: [{name: c, image: "i:1"}]
        """;

    /// <summary>The programs; a row with a name alone stands for one that is not at hand.</summary>
    public static TheoryData<string> Programs()
    {
        var debian = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../kubectl-debian/usr/bin/kubectl"));
        var beside = Directory.Exists("/usr/lib/google-cloud-sdk/bin")
            ? Directory.EnumerateFiles("/usr/lib/google-cloud-sdk/bin", "kubectl.1.*").Order(StringComparer.Ordinal).ToList()
            : [];
        return [debian, .. beside.Take(1), .. beside.Skip(1).TakeLast(1)];
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task The_everyday_commands_work(string program)
    {
        var kubectl = Kubectl(program);
        var ns = await NamespaceAsync();
        (await kubectl.MustAsync($"apply -n {ns} -f -", Web)).ShouldContain("web created");
        (await kubectl.MustAsync($"apply -n {ns} -f -", Web)).ShouldContain("unchanged");
        (await kubectl.MustAsync($"apply -n {ns} --dry-run=server -f -", Web)).ShouldContain("(server dry run)");
        (await kubectl.RunAsync($"apply -n {ns} -f -", Web.Replace("replicas:", "replicass:", StringComparison.Ordinal))).Error.ShouldContain("replicass");
        (await kubectl.MustAsync($"get -n {ns} deploy web -o wide")).ShouldContain("IMAGES");
        (await kubectl.MustAsync($"get -n {ns} deploy web -o yaml")).ShouldContain("kind: Deployment");
        (await kubectl.MustAsync($"get -n {ns} deploy,rs,pods")).ShouldContain("deployment.apps/web");
        (await kubectl.MustAsync($"describe -n {ns} deploy web")).ShouldContain("RollingUpdate");
        (await kubectl.MustAsync($"label -n {ns} deploy web a=b")).ShouldContain("labeled");
        (await kubectl.MustAsync($"annotate -n {ns} deploy web a=b")).ShouldContain("annotate");
        (await kubectl.MustAsync($"patch -n {ns} deploy web -p '{{\"metadata\":{{\"labels\":{{\"x\":\"y\"}}}}}}'")).ShouldContain("patched");
        (await kubectl.MustAsync($"edit -n {ns} deploy web", editor: "sed -i s/x:/z:/")).ShouldContain("edited");
        (await kubectl.MustAsync($"scale -n {ns} deploy web --replicas=0")).ShouldContain("scaled");
        (await kubectl.MustAsync($"rollout status -n {ns} deploy web --timeout=20s")).ShouldContain("successfully rolled out");
        (await kubectl.MustAsync($"set image -n {ns} deploy/web c=i:2")).ShouldContain("image updated");
        (await kubectl.MustAsync($"rollout restart -n {ns} deploy web")).ShouldContain("restarted");
        (await kubectl.MustAsync($"rollout history -n {ns} deploy web")).ShouldContain("REVISION");
        (await kubectl.MustAsync($"rollout undo -n {ns} deploy web")).ShouldContain("rolled back");
        (await kubectl.MustAsync($"wait -n {ns} deploy/web --for=condition=Available --timeout=20s")).ShouldContain("condition met");
        (await kubectl.MustAsync($"create -n {ns} configmap c --from-literal=a=b")).ShouldContain("created");
        (await kubectl.MustAsync($"get -n {ns} events")).ShouldContain("ScalingReplicaSet");
        (await kubectl.MustAsync($"delete -n {ns} deploy/web cm/c")).ShouldContain("deleted");
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task What_the_server_serves_is_told_and_explained(string program)
    {
        var kubectl = Kubectl(program);
        (await kubectl.MustAsync("api-resources")).ShouldContain("deployments");
        (await kubectl.MustAsync("api-versions")).ShouldContain("apps/v1");
        (await kubectl.MustAsync("version")).ShouldContain("Server Version");
        (await kubectl.MustAsync("cluster-info")).ShouldContain("is running at");
        (await kubectl.MustAsync("explain pod.spec.containers")).ShouldContain("imagePullPolicy");
        (await kubectl.MustAsync("explain deployment.spec --recursive")).ShouldContain("maxUnavailable");
        (await kubectl.MustAsync("auth can-i create pods")).ShouldContain("yes");
        (await kubectl.MustAsync("auth can-i --list")).ShouldContain("*.*");
        var top = await kubectl.RunAsync("top nodes");
        top.Exit.ShouldNotBe(0);
        top.Error.ShouldContain("Metrics");
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_node_is_tainted_drained_with_the_old_words_and_used_again(string program)
    {
        ClusterFixture.RequireOwn();
        var kubectl = Kubectl(program);
        var ns = await NamespaceAsync();
        var node = "n-" + ns;
        await kubectl.MustAsync("create -f -", $$$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"{{{node}}}"}}""");
        await kubectl.MustAsync($"create -n {ns} -f -", $$$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"kubevirt.io":"virt-launcher"}},
             "spec":{"nodeName":"{{{node}}}","terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"i:1"}]}}
            """);
        (await kubectl.MustAsync($"logs -n {ns} p")).ShouldContain("c said two");
        (await kubectl.MustAsync($"taint nodes {node} kubevirt.io/drain=draining:NoSchedule")).ShouldContain("tainted");
        (await kubectl.MustAsync($"describe node {node}")).ShouldContain("kubevirt.io/drain=draining:NoSchedule");
        // Later kubectls know the data's option under its new name only.
        var help = await kubectl.MustAsync("drain --help");
        var data = help.Contains("--delete-local-data", StringComparison.Ordinal) ? "--delete-local-data" : "--delete-emptydir-data";
        (await kubectl.MustAsync($"drain {node} {data} --ignore-daemonsets=true --force --pod-selector=kubevirt.io=virt-launcher --timeout=30s")).ShouldContain("p evicted");
        (await kubectl.MustAsync($"get node {node}")).ShouldContain("SchedulingDisabled");
        (await kubectl.MustAsync($"uncordon {node}")).ShouldContain("uncordoned");
        (await kubectl.MustAsync($"taint nodes {node} kubevirt.io/drain-")).ShouldContain("untainted");
        (await kubectl.MustAsync($"delete node {node}")).ShouldContain("deleted");
    }

    private Kubectl Kubectl(string program)
    {
        Assert.SkipUnless(File.Exists(program), $"{program} is not there: hack/debian-kubectl.sh artifacts/kubectl-debian unpacks it");
        return cluster.KubectlOf(program);
    }

    private async Task<string> NamespaceAsync()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"wait -n {ns} sa/default --for=create --timeout=20s");
        return ns;
    }
}
