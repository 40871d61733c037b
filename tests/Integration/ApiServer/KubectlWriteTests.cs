using System.Text.Json.Nodes;
using Godwit.Integration.LocalCluster;
using Shouldly;
using Xunit;

namespace Godwit.Integration.ApiServer;

/// <summary>How stock kubectl changes a cluster; the expected words are those of recorded exchanges with a real API server.</summary>
public sealed class KubectlWriteTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task What_is_created_is_there_once()
    {
        var ns = await cluster.NamespaceAsync();
        (await cluster.MustAsync($"create -n {ns} cm made --from-literal=k=v")).ShouldBe("configmap/made created\n");
        (await cluster.KubectlAsync($"create -n {ns} cm made")).Error.ShouldBe("error: failed to create configmap: configmaps \"made\" already exists\n");
        (await cluster.KubectlAsync($"create -n {ns} -f -", Samples.ConfigMap("Bad_Name"))).Error.ShouldStartWith(
            "The ConfigMap \"Bad_Name\" is invalid: metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'");
        (await cluster.KubectlAsync("create -n nowhere -f -", Samples.ConfigMap("a"))).Error.ShouldBe("Error from server (NotFound): error when creating \"STDIN\": namespaces \"nowhere\" not found\n");
        (await cluster.MustAsync($"create -n {ns} secret generic s --from-literal=p=word")).ShouldBe("secret/s created\n");
        (await cluster.MustAsync("get -n " + ns + " secret s '-o=jsonpath={.data.p}'")).ShouldBe("d29yZA==");
    }

    [Fact]
    public async Task Names_are_generated_and_too_long_prefixes_refused()
    {
        var ns = await cluster.NamespaceAsync();
        const string generated = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"gen-"}}""";
        (await cluster.MustAsync($"create -n {ns} -f - -o name", generated)).ShouldMatch("^configmap/gen-[a-z0-9]{5}\n$");
        (await cluster.KubectlAsync($"apply -n {ns} -f -", generated)).Error.ShouldContain("from gen-: cannot use generate name with apply");
        (await cluster.MustAsync($"create -n {ns} -f - --dry-run=server -o name", generated)).ShouldStartWith("configmap/gen-");
        (await cluster.MustAsync($"get -n {ns} cm -o name")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(2);
    }

    [Fact]
    public async Task Apply_creates_changes_and_takes_away_what_was_given_up()
    {
        var ns = await cluster.NamespaceAsync();
        const string first = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ap"},"data":{"a":"1","b":"2"}}""";
        const string second = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"ap"},"data":{"a":"9"}}""";
        (await cluster.MustAsync($"apply -n {ns} -f -", first)).ShouldBe("configmap/ap created\n");
        (await cluster.MustAsync($"apply -n {ns} -f -", first)).ShouldBe("configmap/ap unchanged\n");
        await cluster.MustAsync("patch -n " + ns + " cm ap --type=merge -p '{\"data\":{\"other\":\"x\"}}'");
        var diff = await cluster.KubectlAsync($"diff -n {ns} -f -", second);
        diff.Exit.ShouldBe(1);
        diff.Output.ShouldContain("\n-  b: \"2\"\n");
        (await cluster.MustAsync($"apply -n {ns} -f - --dry-run=server", second)).ShouldBe("configmap/ap configured (server dry run)\n");
        (await cluster.MustAsync($"apply -n {ns} -f -", second)).ShouldBe("configmap/ap configured\n");
        (await cluster.GetAsync($"-n {ns} cm ap"))["data"]!.ToJsonString().ShouldBe("""{"a":"9","other":"x"}""");
        (await cluster.MustAsync($"apply -n {ns} --server-side --field-manager=me -f -", Samples.ConfigMap("ssa"))).ShouldBe("configmap/ssa serverside-applied\n");
        (await cluster.KubectlAsync($"apply -n {ns} --server-side --field-manager=you -f -", Samples.ConfigMap("ssa", "2"))).Error.ShouldContain("Apply failed with 1 conflict: conflict with \"me\": .data.a");
        (await cluster.MustAsync($"apply -n {ns} --server-side --field-manager=you --force-conflicts -f -", Samples.ConfigMap("ssa", "2"))).ShouldContain("serverside-applied");
    }

    [Fact]
    public async Task Replace_wins_only_over_the_version_it_names()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap("up"));
        var old = (await cluster.GetAsync($"-n {ns} cm up")).ToJsonString();
        (await cluster.MustAsync($"replace -n {ns} -f -", Samples.ConfigMap("up", "2"))).ShouldBe("configmap/up replaced\n");
        (await cluster.KubectlAsync($"replace -n {ns} -f -", old)).Error.ShouldBe(
            "Error from server (Conflict): error when replacing \"STDIN\": Operation cannot be fulfilled on configmaps \"up\": the object has been modified; please apply your changes to the latest version and try again\n");
        (await cluster.KubectlAsync($"replace -n {ns} -f -", Samples.ConfigMap("none"))).Error.ShouldContain("configmaps \"none\" not found");
        (await cluster.MustAsync($"replace -n {ns} --force -f -", Samples.ConfigMap("up", "3"))).ShouldEndWith("configmap/up replaced\n");
    }

    [Fact]
    public async Task Edit_sends_what_the_editor_left()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} cm ed --from-literal=a=1");
        (await cluster.MustAsync($"edit -n {ns} cm ed", editor: "sed -i /^data:/,/^kind/s/1/5/")).ShouldBe("configmap/ed edited\n");
        (await cluster.GetAsync($"-n {ns} cm ed"))["data"]!["a"]!.GetValue<string>().ShouldBe("5");
        (await cluster.KubectlAsync($"edit -n {ns} cm ed", editor: "true")).Error.ShouldBe("Edit cancelled, no changes made.\n");
        var wrong = await cluster.KubectlAsync($"edit -n {ns} cm ed", editor: "sed -i s/^data:/dat@:/");
        wrong.Exit.ShouldBe(1);
        wrong.Error.ShouldContain("Edit cancelled, no valid changes were saved.");
    }

    [Fact]
    public async Task Three_kinds_of_patch_do_what_they_say()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap("pf", metadata: ",\"finalizers\":[\"rig.example/a\"]"));
        (await cluster.MustAsync("patch -n " + ns + " cm pf -p '{\"metadata\":{\"finalizers\":[\"rig.example/b\"]}}' '-o=jsonpath={.metadata.finalizers}'"))
            .ShouldBe("""["rig.example/b","rig.example/a"]""");
        (await cluster.MustAsync("patch -n " + ns + " cm pf -p '{\"metadata\":{\"$deleteFromPrimitiveList/finalizers\":[\"rig.example/a\"]}}' '-o=jsonpath={.metadata.finalizers}'"))
            .ShouldBe("""["rig.example/b"]""");
        (await cluster.KubectlAsync("patch -n " + ns + " cm pf --type=merge -p '{\"metadata\":{\"finalizers\":[\"bad finalizer\"]}}'")).Error.ShouldBe(
            """
            The ConfigMap "pf" is invalid: 
            * metadata.finalizers: Invalid value: "bad finalizer": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
            * metadata.finalizers[0]: Invalid value: "bad finalizer": name is neither a standard finalizer name nor is it fully qualified

            """);
        (await cluster.MustAsync("patch -n " + ns + " cm pf --type=merge -p '{\"data\":{\"a\":null,\"n\":\"2\"}}' '-o=jsonpath={.data}'")).ShouldBe("""{"n":"2"}""");
        (await cluster.MustAsync("patch -n " + ns + " cm pf --type=json -p '[{\"op\":\"test\",\"path\":\"/data/n\",\"value\":\"2\"},{\"op\":\"remove\",\"path\":\"/metadata/finalizers\"}]'")).ShouldBe("configmap/pf patched\n");
        (await cluster.MustAsync("patch -n " + ns + " cm pf --type=merge -p '{\"data\":{\"n\":\"2\"}}'")).ShouldBe("configmap/pf patched (no change)\n");
        var refused = await cluster.KubectlAsync("patch -n " + ns + " cm pf --type=json -p '[{\"op\":\"test\",\"path\":\"/data/n\",\"value\":\"3\"}]'");
        refused.Exit.ShouldBe(1);
        refused.Error.ShouldBe("The request is invalid: the server rejected our request due to an error in our request\n");
    }

    [Fact]
    public async Task Labels_and_annotations_are_set_kept_and_removed()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap("l"));
        (await cluster.MustAsync($"label -n {ns} cm l a=1 b=2")).ShouldBe("configmap/l labeled\n");
        (await cluster.KubectlAsync($"label -n {ns} cm l a=2")).Error.ShouldBe("error: 'a' already has a value (1), and --overwrite is false\n");
        (await cluster.MustAsync($"label -n {ns} cm l a=2 --overwrite b-")).ShouldBe("configmap/l labeled\n");
        (await cluster.KubectlAsync($"label -n {ns} cm l 'x=not ok'")).Error.ShouldContain("a valid label must be an empty string or consist of alphanumeric characters");
        (await cluster.MustAsync($"annotate -n {ns} cm l 'note=some words'")).ShouldBe("configmap/l annotated\n");
        var metadata = (await cluster.GetAsync($"-n {ns} cm l"))["metadata"]!;
        metadata["labels"]!.ToJsonString().ShouldBe("""{"a":"2"}""");
        metadata["annotations"]!["note"]!.GetValue<string>().ShouldBe("some words");
        (await cluster.MustAsync($"annotate -n {ns} cm l note-")).ShouldBe("configmap/l annotated\n");
        (await cluster.GetAsync($"-n {ns} cm l"))["metadata"]!["annotations"].ShouldBeNull();
    }

    [Fact]
    public async Task An_object_with_finalizers_stays_until_they_are_gone()
    {
        var ns = await cluster.NamespaceAsync();
        var held = Samples.ConfigMap("fin", metadata: ",\"finalizers\":[\"rig.example/hold\"]");
        await cluster.MustAsync($"create -n {ns} -f -", held);
        (await cluster.MustAsync($"delete -n {ns} cm fin --wait=false")).ShouldBe("configmap \"fin\" deleted\n");
        var going = (await cluster.GetAsync($"-n {ns} cm fin"))["metadata"]!;
        going["deletionTimestamp"].ShouldNotBeNull();
        going["deletionGracePeriodSeconds"]!.GetValue<int>().ShouldBe(0);
        (await cluster.KubectlAsync($"delete -n {ns} cm fin --timeout=1s")).Error.ShouldBe("error: timed out waiting for the condition on configmaps/fin\n");
        (await cluster.KubectlAsync($"create -n {ns} -f -", held)).Error.ShouldBe("Error from server (AlreadyExists): error when creating \"STDIN\": object is being deleted: configmaps \"fin\" already exists\n");
        (await cluster.KubectlAsync("patch -n " + ns + " cm fin --type=merge -p '{\"metadata\":{\"finalizers\":[\"rig.example/hold\",\"rig.example/two\"]}}'")).Error.ShouldContain(
            "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"rig.example/two\"}");
        (await cluster.MustAsync("patch -n " + ns + " cm fin --type=merge -p '{\"data\":{\"x\":\"y\"}}'")).ShouldBe("configmap/fin patched\n");
        var waiting = cluster.MustAsync($"wait -n {ns} --for=delete cm/fin --timeout=20s");
        await cluster.MustAsync("patch -n " + ns + " cm fin --type=merge -p '{\"metadata\":{\"finalizers\":null}}'");
        await waiting;
        (await cluster.KubectlAsync($"get -n {ns} cm fin")).Error.ShouldContain("not found");
        (await cluster.MustAsync($"delete -n {ns} cm fin --ignore-not-found")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Deletion_takes_what_is_selected()
    {
        var ns = await cluster.NamespaceAsync();
        foreach (var name in (string[])["a", "b", "c"])
        {
            await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap(name, metadata: ",\"labels\":{\"keep\":\"" + (name == "c" ? "yes" : "no") + "\"}"));
        }

        (await cluster.MustAsync($"delete -n {ns} cm -l keep=no --dry-run=server")).ShouldContain("\"a\" deleted (server dry run)");
        (await cluster.MustAsync($"delete -n {ns} cm -l keep=no")).ShouldBe("configmap \"a\" deleted\nconfigmap \"b\" deleted\n");
        (await cluster.MustAsync($"get -n {ns} cm -l keep -o name")).ShouldBe("configmap/c\n");
        await cluster.MustAsync($"delete -n {ns} --raw /api/v1/namespaces/{ns}/configmaps?labelSelector=keep");
        (await cluster.MustAsync($"get -n {ns} cm -l keep -o name")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Wait_ends_when_its_condition_comes_true()
    {
        var ns = await cluster.NamespaceAsync();
        var created = cluster.MustAsync($"wait -n {ns} --for=create cm/late --timeout=20s");
        await cluster.MustAsync($"create -n {ns} -f -", Samples.ConfigMap("late"));
        (await created).ShouldBe("configmap/late condition met\n");
        var changed = cluster.MustAsync("wait -n " + ns + " '--for=jsonpath={.data.a}=7' cm/late --timeout=20s");
        await cluster.MustAsync("patch -n " + ns + " cm late --type=merge -p '{\"data\":{\"a\":\"7\"}}'");
        (await changed).ShouldBe("configmap/late condition met\n");
        (await cluster.KubectlAsync($"wait -n {ns} --for=condition=Ready cm/late --timeout=1s")).Error.ShouldBe("error: timed out waiting for the condition on configmaps/late\n");
    }

    [Fact]
    public async Task A_pods_spec_hardly_changes()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"wait -n {ns} --for=create sa/default --timeout=10s");
        await cluster.MustAsync($"create -n {ns} -f -", Samples.Pod("p", "c"));
        var pod = await cluster.GetAsync($"-n {ns} pod p");
        pod["spec"]!["serviceAccountName"]!.GetValue<string>().ShouldBe("default");
        pod["spec"]!["terminationGracePeriodSeconds"]!.GetValue<int>().ShouldBe(30);
        ((JsonArray)pod["spec"]!["tolerations"]!).Count.ShouldBe(2);
        pod["status"]!["qosClass"]!.GetValue<string>().ShouldBe("BestEffort");
        (await cluster.MustAsync($"set image -n {ns} pod/p c=img:2")).ShouldBe("pod/p image updated\n");
        (await cluster.KubectlAsync("patch -n " + ns + " pod p -p '{\"spec\":{\"restartPolicy\":\"Never\"}}'")).Error.ShouldContain("The Pod \"p\" is invalid: spec: Forbidden: pod updates may not change fields other than");
    }
}
