using Shouldly;
using Xunit;

namespace Godwit.Integration.LocalCluster;

/// <summary>Owners and dependents, and the end of namespaces.</summary>
public sealed class CollectionTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private async Task<string> FamilyAsync(string ns, bool blocks = false)
    {
        await cluster.MustAsync($"create -n {ns} -f -", ConfigMap("parent"));
        var uid = (await cluster.GetAsync($"-n {ns} cm parent"))["metadata"]!["uid"]!.GetValue<string>();
        await cluster.MustAsync($"create -n {ns} -f -", Child(uid, blocks));
        return uid;
    }

    private static string ConfigMap(string name) => "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" + name + "\"}}";

    private static string Child(string uid, bool blocks) =>
        $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"child","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"parent","uid":"{{{uid}}}","controller":true,"blockOwnerDeletion":{{{(blocks ? "true" : "false")}}}}]}}""";

    [Fact]
    public async Task Dependents_go_after_their_owner()
    {
        var ns = await cluster.NamespaceAsync();
        await FamilyAsync(ns);
        await cluster.MustAsync($"delete -n {ns} cm parent --cascade=background");
        await cluster.MustAsync($"wait -n {ns} --for=delete cm/child --timeout=10s");
    }

    [Fact]
    public async Task In_the_foreground_the_owner_goes_last()
    {
        var ns = await cluster.NamespaceAsync();
        await FamilyAsync(ns, blocks: true);
        await cluster.MustAsync($"delete -n {ns} cm parent --cascade=foreground --timeout=10s");
        (await cluster.KubectlAsync($"get -n {ns} cm child")).Error.ShouldContain("not found");
    }

    [Fact]
    public async Task Orphans_stay_and_forget_their_owner()
    {
        var ns = await cluster.NamespaceAsync();
        await FamilyAsync(ns);
        await cluster.MustAsync($"delete -n {ns} cm parent --cascade=orphan --timeout=10s");
        (await cluster.GetAsync($"-n {ns} cm child"))["metadata"]!["ownerReferences"].ShouldBeNull();
    }

    [Fact]
    public async Task What_names_an_owner_that_never_was_goes()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", Child("11111111-2222-3333-4444-555555555555", false));
        await cluster.MustAsync($"wait -n {ns} --for=delete cm/child --timeout=10s");
    }

    [Fact]
    public async Task A_namespace_waits_for_its_last_object()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"fin","finalizers":["rig.example/hold"]}}""");
        await cluster.MustAsync($"delete ns {ns} --wait=false");
        (await cluster.KubectlAsync($"create -n {ns} -f -", ConfigMap("late"))).Error.ShouldContain(
            $"configmaps \"late\" is forbidden: unable to create new content in namespace {ns} because it is being terminated");
        await cluster.MustAsync($"wait ns/{ns} --for=condition=NamespaceFinalizersRemaining --timeout=10s");
        (await cluster.GetAsync($"ns {ns}"))["status"]!.ToJsonString().ShouldContain("Some content in the namespace has finalizers remaining: rig.example/hold in 1 resource instances");
        await cluster.MustAsync("patch -n " + ns + " cm fin --type=merge -p '{\"metadata\":{\"finalizers\":null}}'");
        await cluster.MustAsync($"wait --for=delete ns/{ns} --timeout=10s");
        (await cluster.KubectlAsync("delete ns default")).Error.ShouldContain("namespaces \"default\" is forbidden: this namespace may not be deleted");
    }

    [Fact]
    public async Task A_service_gets_a_slice_of_its_pods()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", """{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"port":80,"targetPort":"http"}]}}""");
        await cluster.MustAsync($"create -n {ns} -f -", """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i","ports":[{"name":"http","containerPort":8080}]}]}}""");
        await cluster.MustAsync("patch -n " + ns + " pod web-1 --subresource=status --type=merge -p '{\"status\":{\"podIP\":\"10.1.2.3\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}'");
        await cluster.MustAsync("wait -n " + ns + " endpointslice -l kubernetes.io/service-name=web '--for=jsonpath={.endpoints[0].addresses[0]}=10.1.2.3' --timeout=10s");
        (await cluster.MustAsync($"get -n {ns} endpointslice")).ShouldContain("8080");
        await cluster.MustAsync($"delete -n {ns} svc web");
        await cluster.MustAsync($"wait -n {ns} endpointslice -l kubernetes.io/service-name=web --for=delete --timeout=10s");
    }

    [Fact]
    public async Task A_quota_bounds_what_a_namespace_may_hold()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", """{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q"},"spec":{"hard":{"configmaps":"2","requests.cpu":"1"}}}""");
        await cluster.MustAsync($"create -n {ns} -f -", ConfigMap("a"));
        (await cluster.KubectlAsync($"create -n {ns} -f -", ConfigMap("b"))).Error.ShouldContain("configmaps \"b\" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2");
        (await cluster.KubectlAsync($"run -n {ns} p --image=i")).Error.ShouldContain("pods \"p\" is forbidden: failed quota: q: must specify requests.cpu for: p");
        await cluster.MustAsync("wait -n " + ns + " quota/q '--for=jsonpath={.status.used.configmaps}=2' --timeout=10s");
    }
}
