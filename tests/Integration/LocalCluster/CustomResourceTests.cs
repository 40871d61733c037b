using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Godwit.Integration.LocalCluster;

/// <summary>Custom resources as kubectl sees them; the expected words are those of recorded exchanges with a real API server.</summary>
public sealed class CustomResourceTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static string Definition(string group) =>
        $$$$"""
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.{{{{group}}}}}
        spec:
          group: {{{{group}}}}
          scope: Namespaced
          names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList, shortNames: [{{{{group.Split('.')[0]}}}}], categories: [all]}
          versions:
          - name: v1
            served: true
            storage: true
            subresources:
              status: {}
              scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas, labelSelectorPath: .status.selector}
            additionalPrinterColumns:
            - {name: Size, type: integer, jsonPath: .spec.size, description: The size}
            - {name: Mode, type: string, jsonPath: .spec.mode}
            - {name: Phase, type: string, jsonPath: .status.phase, priority: 1}
            - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
            schema:
              openAPIV3Schema:
                type: object
                description: Widget is a test kind.
                required: [spec]
                properties:
                  spec:
                    type: object
                    description: What is wanted.
                    required: [size]
                    properties:
                      size: {type: integer, minimum: 1, maximum: 100, description: how big}
                      max: {type: integer, default: 50}
                      replicas: {type: integer, default: 1}
                      mode: {type: string, enum: [fast, slow], default: slow}
                      nested:
                        type: object
                        default: {}
                        properties: {depth: {type: integer, default: 3}, enabled: {type: boolean, default: true}}
                  status:
                    type: object
                    properties: {phase: {type: string}, replicas: {type: integer}, selector: {type: string}}
        """;

    private static string Widget(string group, string name, string spec) =>
        $"{{\"apiVersion\":\"{group}/v1\",\"kind\":\"Widget\",\"metadata\":{{\"name\":\"{name}\"}},\"spec\":{spec}}}";

    [Fact]
    public async Task A_definition_is_served_as_soon_as_it_is_created_and_its_objects_go_with_it()
    {
        const string group = "life.example";
        var ns = await cluster.NamespaceAsync();
        (await cluster.MustAsync("apply -f -", Definition(group))).ShouldContain("created");
        (await cluster.MustAsync($"apply -n {ns} -f -", Widget(group, "w1", """{"size":3}"""))).ShouldBe("widget.life.example/w1 created\n");
        (await cluster.MustAsync($"apply -n {ns} -f -", Widget(group, "w1", """{"size":3}"""))).ShouldBe("widget.life.example/w1 unchanged\n");
        (await cluster.MustAsync($"wait --for=condition=Established crd/widgets.{group} --timeout=5s")).ShouldContain("condition met");
        (await cluster.MustAsync($"get -n {ns} life")).ShouldStartWith("NAME   SIZE   MODE   AGE\nw1     3      slow   ");
        (await cluster.MustAsync($"get -n {ns} life -o wide")).ShouldContain("PHASE");
        var widget = await cluster.GetAsync($"-n {ns} widgets.life.example w1");
        JsonNode.DeepEquals(widget["spec"], JsonNode.Parse("""{"size":3,"max":50,"replicas":1,"mode":"slow","nested":{"depth":3,"enabled":true}}""")).ShouldBeTrue(widget.ToJsonString());

        await cluster.MustAsync($"delete crd widgets.{group} --timeout=20s");
        (await cluster.KubectlAsync($"get -n {ns} widgets.{group}")).Error.ShouldContain("the server doesn't have a resource type \"widgets\"");
        cluster.EndedControllers.ShouldBeEmpty();
    }

    [Fact]
    public async Task Wrong_objects_are_refused_in_the_servers_words()
    {
        const string group = "wrong.example";
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync("apply -f -", Definition(group));
        (await cluster.KubectlAsync($"create -n {ns} -f -", Widget(group, "a", """{"size":0,"mode":"medium"}"""))).Error.ShouldBe(
            """
            The Widget "a" is invalid: 
            * spec.mode: Unsupported value: "medium": supported values: "fast", "slow"
            * spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1

            """);
        (await cluster.KubectlAsync($"create -n {ns} -f -", Widget(group, "a", """{"size":1,"unknown":"x","nested":{"junk":1}}"""))).Error.ShouldContain(
            "Widget in version \"v1\" cannot be handled as a Widget: strict decoding error: unknown field \"spec.nested.junk\", unknown field \"spec.unknown\"");
        var warned = await cluster.KubectlAsync($"create -n {ns} --validate=warn -f -", Widget(group, "a", """{"size":1,"unknown":"x"}"""));
        warned.Exit.ShouldBe(0);
        warned.Error.ShouldBe("Warning: unknown field \"spec.unknown\"\n");
        (await cluster.KubectlAsync("patch -n " + ns + " widgets.wrong.example a -p '{\"spec\":{\"size\":2}}'")).Error.ShouldContain(
            "application/strategic-merge-patch+json is not supported by wrong.example/v1, Kind=Widget");
    }

    [Fact]
    public async Task Status_and_scale_are_apart_from_the_rest()
    {
        const string group = "scale.example";
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync("apply -f -", Definition(group));
        await cluster.MustAsync($"create -n {ns} -f -", Widget(group, "s1", """{"size":5,"replicas":2}"""));
        await cluster.MustAsync("patch -n " + ns + " widgets.scale.example s1 --subresource=status --type=merge -p '{\"status\":{\"phase\":\"Ready\",\"replicas\":2},\"spec\":{\"size\":9}}'");
        await cluster.MustAsync("patch -n " + ns + " widgets.scale.example s1 --type=merge -p '{\"status\":{\"phase\":\"X\"},\"spec\":{\"size\":6}}'");
        (await cluster.MustAsync("get -n " + ns + " widgets.scale.example s1 -o jsonpath='{.spec.size} {.status.phase} {.metadata.generation}'".Replace("jsonpath='", "'jsonpath=", StringComparison.Ordinal))).ShouldBe("6 Ready 2");
        (await cluster.MustAsync($"scale -n {ns} widgets.scale.example s1 --replicas=4")).ShouldBe("widget.scale.example/s1 scaled\n");
        (await cluster.GetAsync($"-n {ns} widgets.scale.example s1"))["spec"]!["replicas"]!.GetValue<int>().ShouldBe(4);
    }

    [Fact]
    public async Task Explain_shows_fields_types_and_descriptions()
    {
        const string group = "explain.example";
        await cluster.MustAsync("apply -f -", Definition(group));
        var text = await cluster.MustAsync("explain widgets.spec --api-version=explain.example/v1");
        text.ShouldContain("What is wanted.");
        text.ShouldContain("  size\t<integer> -required-\n    how big");
        text.ShouldContain("enum: fast, slow");
        (await cluster.KubectlAsync("explain pod.spec.nope")).Error.ShouldContain("field \"nope\" does not exist");
        var pod = await cluster.MustAsync("explain pods.spec.containers.resources");
        pod.ShouldContain("FIELD: resources <ResourceRequirements>");
        pod.ShouldContain("limits\t<map[string]Quantity>");
        (await cluster.MustAsync("explain pod.spec --recursive")).ShouldContain("terminationGracePeriodSeconds\t<integer>");
    }

    [Fact]
    public async Task A_deprecated_version_warns_and_shows_the_same_object()
    {
        await cluster.MustAsync(
            "apply -f -",
            """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: multis.multi.example}
            spec:
              group: multi.example
              scope: Cluster
              names: {plural: multis, kind: Multi}
              versions:
              - {name: v1alpha1, served: true, storage: false, deprecated: true, deprecationWarning: use v1 instead, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
              - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}}
            """);
        var created = await cluster.KubectlAsync("create -f -", """{"apiVersion":"multi.example/v1alpha1","kind":"Multi","metadata":{"name":"m1"},"spec":{"a":1}}""");
        created.Error.ShouldBe("Warning: use v1 instead\n");
        (await cluster.GetAsync("multis m1"))["apiVersion"]!.GetValue<string>().ShouldBe("multi.example/v1");
        (await cluster.MustAsync("get --raw /apis/multi.example")).ShouldBe(
            """{"kind":"APIGroup","apiVersion":"v1","name":"multi.example","versions":[{"groupVersion":"multi.example/v1","version":"v1"},{"groupVersion":"multi.example/v1alpha1","version":"v1alpha1"}],"preferredVersion":{"groupVersion":"multi.example/v1","version":"v1"}}""",
            StringCompareShould.IgnoreLineEndings);
    }

    [Fact]
    public async Task A_definition_with_a_rule_that_is_not_understood_is_refused_not_half_obeyed()
    {
        var result = await cluster.KubectlAsync(
            "create -f -",
            """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: foos.cel.example}
            spec:
              group: cel.example
              scope: Namespaced
              names: {plural: foos, kind: Foo}
              versions:
              - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-validations: [{rule: "self.a.charAt(0) == 'x'"}]}}}
            """);
        result.Error.ShouldContain("x-kubernetes-validations[0].rule: Invalid value: \"self.a.charAt(0) == 'x'\": compilation failed: this server's subset of CEL does not know: function charAt");
    }

    [Fact]
    public async Task The_products_own_definitions_can_be_explained()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at!.FullName, "Godwit.slnx")))
        {
            at = at.Parent;
        }

        await cluster.MustAsync($"apply -f {Path.Combine(at.FullName, "deploy", "crds")}");

        // kubectl keeps what it discovered; this makes it look again.
        await cluster.MustAsync("api-resources");
        (await cluster.MustAsync("explain vmi.spec.domain")).ShouldContain("FIELDS:");
        (await cluster.MustAsync("explain vmim --api-version=kubevirt.io/v1alpha3")).ShouldContain("KIND:       VirtualMachineInstanceMigration");
        var wrong = await cluster.KubectlAsync("create -f -", """{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","metadata":{"name":"x"},"spec":{"domian":{},"domain":{"devices":{}}}}""");
        wrong.Error.ShouldContain("strict decoding error: unknown field \"spec.domian\"");
    }

    [Fact]
    public async Task A_strategic_patch_merges_the_lists_of_built_in_kinds()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.MustAsync($"create -n {ns} -f -", """{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"ports":[{"name":"a","port":80},{"name":"b","port":81}]}}""");
        await cluster.MustAsync("patch -n " + ns + " svc s -p '{\"spec\":{\"ports\":[{\"port\":81,\"targetPort\":8081},{\"port\":80,\"$patch\":\"delete\"}]}}'");
        var ports = (JsonArray)(await cluster.GetAsync($"-n {ns} svc s"))["spec"]!["ports"]!;
        ports.Count.ShouldBe(1);
        ports[0]!["name"]!.GetValue<string>().ShouldBe("b");
        ports[0]!["targetPort"]!.GetValue<int>().ShouldBe(8081);
    }
}
