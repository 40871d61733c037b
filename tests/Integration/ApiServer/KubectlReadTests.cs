using System.Text.Json.Nodes;
using Godwit.Integration.LocalCluster;
using Shouldly;
using Xunit;

namespace Godwit.Integration.ApiServer;

/// <summary>What stock kubectl shows of a cluster; the expected words are those of recorded exchanges with a real API server.</summary>
public sealed class KubectlReadTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task Versions_of_both_sides_are_shown_without_a_word_about_skew()
    {
        var result = await cluster.KubectlAsync("version");
        result.Exit.ShouldBe(0);
        result.Error.ShouldBeEmpty();
        result.Output.ShouldMatch(@"^Client Version: v1\.\d+\.\S+\nKustomize Version: v[\d.]+\nServer Version: v1\.32\.\S+\n$");
    }

    [Fact]
    public async Task Resources_are_listed_with_short_names_kinds_and_verbs()
    {
        var all = await cluster.MustAsync("api-resources -o wide");
        all.ShouldMatch(@"(?m)^configmaps +cm +v1 +true +ConfigMap +create,delete,deletecollection,get,list,patch,update,watch");
        all.ShouldMatch(@"(?m)^namespaces +ns +v1 +false +Namespace +create,delete,get,list,patch,update,watch");
        all.ShouldMatch(@"(?m)^customresourcedefinitions +crd,crds +apiextensions.k8s.io/v1 +false +CustomResourceDefinition ");
        (await cluster.MustAsync("api-resources --namespaced=false -o name")).Split('\n').ShouldContain("nodes");
        (await cluster.MustAsync("api-versions")).Split('\n').ShouldContain("coordination.k8s.io/v1");
    }

    [Fact]
    public async Task Kinds_and_fields_are_explained()
    {
        (await cluster.MustAsync("explain cm")).ShouldStartWith("KIND:       ConfigMap\nVERSION:    v1\n\nDESCRIPTION:\n");
        (await cluster.MustAsync("explain pod.spec.containers.image")).ShouldContain("FIELD: image <string>");
        (await cluster.KubectlAsync("explain pod.spec.nope")).Error.ShouldContain("field \"nope\" does not exist");
    }

    [Fact]
    public async Task Get_shows_the_columns_that_the_server_computes()
    {
        ClusterFixture.RequireOwn();
        var ns = await cluster.NamespaceAsync();
        (await cluster.KubectlAsync($"get -n {ns} pods")).Error.ShouldBe($"No resources found in {ns} namespace.\n");
        (await cluster.KubectlAsync($"get -n {ns} cm nope")).Error.ShouldBe("Error from server (NotFound): configmaps \"nope\" not found\n");
        (await cluster.KubectlAsync($"get -n {ns} nopes")).Error.ShouldBe("error: the server doesn't have a resource type \"nopes\"\n");
        (await cluster.MustAsync($"get -n {ns} cm nope --ignore-not-found")).ShouldBeEmpty();
        await PodAsync(ns, "p", "c");
        (await cluster.MustAsync($"get -n {ns} pods")).ShouldMatch(@"^NAME   READY   STATUS    RESTARTS   AGE\np      0/1     Pending   0          \d+s\n$");
        (await cluster.MustAsync($"get -n {ns} pods -o wide")).ShouldMatch(
            @"^NAME   READY   STATUS    RESTARTS   AGE   IP       NODE     NOMINATED NODE   READINESS GATES\np      0/1     Pending   0          \d+s    <none>   node01   <none>           <none>\n$");
        (await cluster.MustAsync($"get -n {ns} pods --show-labels --no-headers")).ShouldEndWith("app=p\n");
        (await cluster.MustAsync($"get -n {ns} cm,sa")).ShouldMatch(
            @"^NAME                         DATA   AGE\nconfigmap/kube-root-ca.crt   1      \d+s\n\nNAME                     AGE\nserviceaccount/default   \d+s\n$");
    }

    [Fact]
    public async Task Get_prints_objects_in_every_form()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap("one", "5", ",\"labels\":{\"x\":\"y\"}"));
        (await cluster.MustAsync($"get -n {ns} cm one -o yaml")).ShouldMatch(
            "^apiVersion: v1\ndata:\n  a: \"5\"\nkind: ConfigMap\nmetadata:\n  creationTimestamp: \"[^\"]+Z\"\n  labels:\n    x: \"?y\"?\n  name: one\n" + $"  namespace: {ns}\n" + "  resourceVersion: \"\\d+\"\n  uid: [-0-9a-f]{36}\n$");
        (await cluster.MustAsync("get -n " + ns + " cm one '-o=jsonpath={.metadata.labels.x} {.data.a}'")).ShouldBe("y 5");
        (await cluster.MustAsync("get -n " + ns + " cm '-o=jsonpath={range .items[*]}{.metadata.name};{end}'")).ShouldBe("kube-root-ca.crt;one;");
        (await cluster.MustAsync($"get -n {ns} cm one -o custom-columns=N:.metadata.name,A:.data.a,Z:.data.z")).ShouldBe("N     A     Z\none   5     <none>\n");
        (await cluster.MustAsync($"get -n {ns} cm -l x=y -o name")).ShouldBe("configmap/one\n");
        (await cluster.MustAsync($"get -n {ns} cm --field-selector metadata.name!=one -o name")).ShouldBe("configmap/kube-root-ca.crt\n");
        (await cluster.MustAsync($"get -n {ns} cm --sort-by=.metadata.name --no-headers -o custom-columns=N:.metadata.name")).ShouldBe("kube-root-ca.crt\none\n");
        (await cluster.MustAsync($"get -n {ns} cm --chunk-size=1 -o name")).ShouldBe("configmap/kube-root-ca.crt\nconfigmap/one\n");
    }

    [Fact]
    public async Task Get_follows_changes()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap("w"));
        var lines = await cluster.Kubectl.WatchAsync(
            $"get -n {ns} cm w -w --output-watch-events",
            2,
            async () =>
            {
                await cluster.MustAsync("patch -n " + ns + " cm w --type=merge -p '{\"data\":{\"b\":\"2\"}}'");
                await cluster.MustAsync($"delete -n {ns} cm w");
            },
            2);
        lines[0].ShouldMatch(@"^MODIFIED +w +2 +\d+s$");
        lines[1].ShouldMatch(@"^DELETED +w +2 +\d+s$");
    }

    [Fact]
    public async Task Describe_tells_of_an_object_and_its_events()
    {
        ClusterFixture.RequireOwn();
        var ns = await cluster.NamespaceAsync();
        await PodAsync(ns, "p", "c");
        (await cluster.MustAsync($"describe -n {ns} pod p")).ShouldMatch(@"(?s)^Name: +p\nNamespace: .*Node: +node01.*QoS Class: +BestEffort.*Events: +<none>\n$");
        await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap("ev"));
        var uid = (await cluster.GetAsync($"-n {ns} cm ev"))["metadata"]!["uid"]!.GetValue<string>();
        await cluster.MustAsync($"create -n {ns} -f -", Samples.Event(ns, "e1", "Warning", "Broke", uid));
        (await cluster.MustAsync($"describe -n {ns} cm ev")).ShouldMatch(@"(?s)Data\n====\na:\n----\n1\n.*Events:\n +Type +Reason +Age +From +Message\n.*Warning +Broke +\d+d \(x2 over \d+d\) +rig +something happened");
        (await cluster.MustAsync($"describe ns {ns}")).ShouldContain("Status:       Active");
    }

    [Fact]
    public async Task Events_are_listed_and_selected()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", Samples.Event(ns, "e1", "Normal", "Made", ""));
        await cluster.MustAsync($"create -n {ns} -f -", Samples.Event(ns, "e2", "Warning", "Broke", ""));
        (await cluster.MustAsync($"get -n {ns} events")).ShouldMatch(
            @"^LAST SEEN   TYPE      REASON   OBJECT         MESSAGE\n\d+d +Normal    Made     configmap/ev   something happened\n\d+d +Warning   Broke    configmap/ev   something happened\n$");
        (await cluster.MustAsync($"get -n {ns} events -o wide")).ShouldMatch(
            @"^LAST SEEN   TYPE      REASON   OBJECT         SUBOBJECT   SOURCE   MESSAGE              FIRST SEEN   COUNT   NAME\n\d+d +Normal    Made     configmap/ev               rig      something happened   \d+d +2       e1\n");
        (await cluster.MustAsync($"events -n {ns}")).ShouldMatch(@"(?m)^\d+d \(x2 over \d+d\) +Warning   Broke    ConfigMap/ev   something happened$");
        (await cluster.MustAsync($"events -n {ns} --types=Warning")).ShouldNotContain("Made");
        (await cluster.MustAsync($"events -n {ns} --for=configmap/ev")).ShouldContain("Made");
        (await cluster.MustAsync($"get -n {ns} events --field-selector involvedObject.name=ev,reason=Made -o name")).ShouldBe("event/e1\n");
        var other = await cluster.GetAsync($"-n {ns} events.events.k8s.io e1");
        other["note"]!.GetValue<string>().ShouldBe("something happened");
        other["deprecatedCount"]!.GetValue<int>().ShouldBe(2);
        other["regarding"]!["name"]!.GetValue<string>().ShouldBe("ev");
    }

    [Fact]
    public async Task Logs_come_from_the_container_that_is_meant()
    {
        ClusterFixture.RequireOwn();
        var ns = await cluster.NamespaceAsync();
        await PodAsync(ns, "one", "c");
        (await cluster.KubectlAsync($"logs -n {ns} one")).Error.ShouldContain("pods \"node01\" not found");
        await cluster.MustAsync("create -f -", """{"apiVersion":"v1","kind":"Node","metadata":{"name":"node01"}}""");
        await PodAsync(ns, "two", "a", "silent");
        (await cluster.MustAsync($"logs -n {ns} one --tail=7 --timestamps --since=1h")).ShouldBe("c said one\nc said two\n");
        var asked = cluster.Logs.Last!;
        (asked.Node, asked.TailLines, asked.Timestamps, asked.Follow).ShouldBe(("node01", 7L, true, false));
        asked.Since.ShouldNotBeNull();
        (await cluster.MustAsync($"logs -n {ns} two -c a -f --limit-bytes=100")).ShouldStartWith("a said one\n");
        (cluster.Logs.Last!.Follow, cluster.Logs.Last.LimitBytes).ShouldBe((true, 100L));
        (await cluster.KubectlAsync($"logs -n {ns} two -c silent")).Error.ShouldContain("container \"silent\" in pod \"two\" is waiting to start: ContainerCreating");
        (await cluster.KubectlAsync($"logs -n {ns} two -c nope")).Error.ShouldContain("container nope is not valid for pod two");
        (await cluster.KubectlAsync($"logs -n {ns} none")).Error.ShouldContain("pods \"none\" not found");
    }

    [Fact]
    public async Task The_user_learns_who_he_is()
    {
        (await cluster.MustAsync("auth whoami -o json")).ShouldSatisfyAllConditions(
            text => JsonNode.Parse(text)!["status"]!["userInfo"]!["username"]!.GetValue<string>().ShouldBe("kubernetes-admin"),
            text => JsonNode.Parse(text)!["status"]!["userInfo"]!["groups"]!.ToJsonString().ShouldBe("""["system:masters","system:authenticated"]"""));
        (await cluster.MustAsync("auth whoami")).ShouldMatch(@"^ATTRIBUTE +VALUE\nUsername +kubernetes-admin\n");
        (await cluster.MustAsync("auth can-i create pods")).ShouldBe("yes\n");
    }

    private async Task PodAsync(string ns, string name, params string[] containers)
    {
        await cluster.MustAsync($"wait -n {ns} --for=create sa/default --timeout=10s");
        await cluster.MustAsync($"create -n {ns} -f -", Samples.Pod(name, containers));
    }
}
