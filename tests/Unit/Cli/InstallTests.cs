using System.Text.Json.Nodes;
using Godwit.Cli.Install;
using Godwit.Machinery;
using Shouldly;
using Xunit;

namespace Godwit.Unit.Cli;

/// <summary>What is in the way of an installation or a removal, and what is not ready and why.</summary>
public sealed class InstallTests
{
    private const string Current = "0.2.0";
    private static readonly InstallFacts Empty = new() { Server = (1, 32, "v1.32.0") };
    private static readonly RemovalFacts Running = new() { Installed = true, AsPods = true };

    [Fact]
    public void The_agents_are_new_before_the_controller_makes_pods_for_them()
    {
        var manifests = new ManifestSet([Document("kind: Namespace"), Named("Deployment", "virt-controller"), Named("Deployment", "virt-api"), Named("DaemonSet", "virt-handler")]);
        var stages = Rollout.Stages(manifests);
        stages.Select(static s => string.Join(' ', s.Objects.Select(static o => o.Text("kind")))).ShouldBe(["Namespace Deployment DaemonSet", "Deployment"]);
        stages[1].Objects.ShouldHaveSingleItem().Name().ShouldBe("virt-controller");

        static JsonObject Named(string kind, string name) => Document($"{{kind: {kind}, metadata: {{name: {name}}}}}");
    }

    [Fact]
    public void An_empty_cluster_that_is_new_enough_takes_it_and_an_equal_one_again()
    {
        InstallChecks.Decide(Empty, Current, upgrade: false).ShouldBeEmpty();
        InstallChecks.Decide(Empty with { Installed = Current }, Current, upgrade: false).ShouldBeEmpty();
        InstallChecks.Decide(Empty with { Installed = "0.1.0" }, Current, upgrade: true).ShouldBeEmpty();
    }

    [Fact]
    public void Each_thing_that_is_in_the_way_is_named_with_its_remedy()
    {
        Only(Empty with { Server = (1, 29, "v1.29.4") }).ShouldBe("The cluster is Kubernetes v1.29.4; 1.30 is the oldest that Godwit runs on.");
        Only(Empty with { UnknownKinds = ["apps/v1 Deployment"] }).ShouldBe("The cluster does not serve apps/v1 Deployment.");
        Only(Empty with { KubeVirt = "deployment kubevirt/virt-operator", ForeignDefinitions = ["kubevirts.kubevirt.io"] })
            .ShouldBe("KubeVirt is installed here (deployment kubevirt/virt-operator), which serves the same API.");
        Only(Empty with { ForeignDefinitions = ["kubevirts.kubevirt.io"] }).ShouldBe("These definitions were made by something else than Godwit: kubevirts.kubevirt.io.");
        Only(Empty with { StoredVersions = ["kubevirts.kubevirt.io: v9"] }).ShouldContain("versions that this Godwit does not know: kubevirts.kubevirt.io: v9");
        Only(Empty with { MissingRights = ["create pods", "patch nodes"] }).ShouldBe("You may not: create pods; patch nodes.");
        Only(Empty with { Installed = "0.1.0" }).ShouldBe("Godwit 0.1.0 is installed here, this is 0.2.0.");
        Only(Empty, upgrade: true).ShouldBe("Godwit is not installed here.");
        InstallChecks.Decide(Empty with { Server = (0, 0, "x"), MissingRights = ["a"] }, Current, upgrade: true).Count.ShouldBe(3);
    }

    [Theory]
    [InlineData("""{"major":"1","minor":"30+","gitVersion":"v1.30.2-x"}""", 1, 30, "v1.30.2-x")]
    [InlineData("{}", 0, 0, "of an unknown version")]
    public void A_vendors_version_is_read(string version, int major, int minor, string text) =>
        InstallProbe.Version(JsonNode.Parse(version)).ShouldBe((major, minor, text));

    [Theory]
    [InlineData("{metadata: {annotations: {godwit.dev/manifest-digest: a}}}", true)]
    [InlineData("{metadata: {labels: {app.kubernetes.io/part-of: godwit}}}", true)]
    [InlineData("{metadata: {labels: {app.kubernetes.io/part-of: other, kubevirt.io: ''}}}", false)]
    [InlineData("{metadata: {name: a}}", false)]
    public void An_object_is_ours_whichever_way_it_was_installed(string present, bool ours) => InstallProbe.IsOurs(Document(present)).ShouldBe(ours);

    [Fact]
    public void Virtual_machines_are_neither_lost_nor_left_alone_unasked()
    {
        var five = Running with { VirtualMachines = ["vmi a/1", "vmi a/2", "vmi a/3", "vmi a/4", "vmi a/5", "vmi a/6"] };
        RemovalChecks.Decide(five, VirtualMachinesFate.Unsaid)!.What.ShouldBe("There are 6 virtual machines: vmi a/1, vmi a/2, vmi a/3, vmi a/4, vmi a/5, ….");
        RemovalChecks.Decide(five, VirtualMachinesFate.Keep).ShouldBeNull();
        RemovalChecks.Decide(five, VirtualMachinesFate.Delete).ShouldBeNull();
        RemovalChecks.Decide(Running, VirtualMachinesFate.Unsaid).ShouldBeNull();
        RemovalChecks.Decide(Running with { Installed = false }, VirtualMachinesFate.Delete)!.What.ShouldBe("Godwit is not installed here.");
        RemovalChecks.Decide(Running with { AsPods = false }, VirtualMachinesFate.Delete)!.What.ShouldContain("made by 'godwit up'");
    }

    [Fact]
    public void What_stands_in_the_way_of_requests_goes_first_and_what_objects_are_made_of_last() =>
        new[] { "Namespace", "CustomResourceDefinition", "ClusterRole", "Deployment", "ValidatingWebhookConfiguration" }
            .OrderBy(RemovalChecks.Order)
            .ShouldBe(["ValidatingWebhookConfiguration", "Deployment", "ClusterRole", "CustomResourceDefinition", "Namespace"]);

    [Theory]
    [InlineData("CustomResourceDefinition", true)]
    [InlineData("Namespace", true)]
    [InlineData("KubeVirt", true)]
    [InlineData("Deployment", false)]
    public void Machines_that_are_kept_keep_their_kinds_and_settings(string kind, bool stays)
    {
        RemovalChecks.Stays(kind, VirtualMachinesFate.Keep).ShouldBe(stays);
        RemovalChecks.Stays(kind, VirtualMachinesFate.Delete).ShouldBeFalse();
        RemovalChecks.Stays(kind, VirtualMachinesFate.Unsaid).ShouldBeFalse();
    }

    [Theory]
    [InlineData("kubevirt.io/schedulable", true)]
    [InlineData("cpu-model.node.kubevirt.io/Nehalem", true)]
    [InlineData("kubernetes.io/hostname", false)]
    [InlineData("notkubevirt.io/x", false)]
    [InlineData("plain", false)]
    public void Of_a_node_only_what_is_ours_is_taken_away(string key, bool ours) => RemovalChecks.IsOurs(key).ShouldBe(ours);

    [Theory]
    [InlineData("{kind: ConfigMap}", null)]
    [InlineData("{kind: APIService, status: {conditions: [{type: Available, status: 'True'}]}}", null)]
    [InlineData("{kind: APIService, status: {conditions: [{type: Available, status: 'False', message: no endpoints}]}}", "no endpoints")]
    [InlineData("{kind: CustomResourceDefinition}", "it is not Established yet")]
    [InlineData("{kind: Deployment, metadata: {generation: 2}, spec: {replicas: 2}, status: {observedGeneration: 1, updatedReplicas: 2, availableReplicas: 2}}", "no controller has looked at it yet")]
    [InlineData("{kind: Deployment, metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, updatedReplicas: 2, availableReplicas: 2}}", null)]
    [InlineData("{kind: Deployment, metadata: {generation: 1}, spec: {replicas: 2, selector: {matchLabels: {app: a}}}, status: {observedGeneration: 1, updatedReplicas: 2, availableReplicas: 1}}", "1 of 2 pods are ready (a-1: ImagePullBackOff: no such image; a-2: no node fits)")]
    [InlineData("{kind: DaemonSet, metadata: {generation: 1}, spec: {selector: {matchLabels: {app: b}}}, status: {observedGeneration: 1, desiredNumberScheduled: 3, updatedNumberScheduled: 1, numberAvailable: 3}}", "1 of 3 pods are ready")]
    [InlineData("{kind: DaemonSet, metadata: {generation: 1}, status: {observedGeneration: 1, desiredNumberScheduled: 0}}", null)]
    public void What_is_not_ready_says_why(string @object, string? lacking)
    {
        JsonObject[] pods =
        [
            Document("{metadata: {name: a-1, labels: {app: a}}, status: {containerStatuses: [{state: {waiting: {reason: ImagePullBackOff, message: no such image}}}]}}"),
            Document("{metadata: {name: a-2, labels: {app: a}}, status: {conditions: [{type: PodScheduled, status: 'False', message: no node fits}]}}"),
            Document("{metadata: {name: a-3, labels: {app: a}}, status: {containerStatuses: [{state: {waiting: {reason: ContainerCreating}}}]}}"),
        ];
        Rollout.Lacking(Document(@object), pods).ShouldBe(lacking);
    }

    [Fact]
    public void A_registry_is_put_before_our_images_wherever_they_are_named_and_before_no_others()
    {
        var workload = Document("{spec: {template: {spec: {containers: [{image: 'godwit/virt-controller:1', args: [run, --launcher-image, 'godwit/virt-launcher:1']}, {image: 'other:1'}]}}}}");
        ImageNames.From(workload, "reg.example.com/team/").At("spec", "template", "spec", "containers")!.ToJsonString().ShouldBe(
            """[{"image":"reg.example.com/team/godwit/virt-controller:1","args":["run","--launcher-image","reg.example.com/team/godwit/virt-launcher:1"]},{"image":"other:1"}]""");
        ImageNames.From(workload, null).ShouldBeSameAs(workload);
        ImageNames.From(Document("{kind: Service, spec: {}}"), "reg").ToJsonString().ShouldBe("""{"kind":"Service","spec":{}}""");
    }

    private static JsonObject Document(string yaml) => (JsonObject)Yaml.Parse(yaml)!;

    private static string Only(InstallFacts facts, bool upgrade = false)
    {
        var problem = InstallChecks.Decide(facts, Current, upgrade).ShouldHaveSingleItem();
        problem.Remedy.ShouldNotBeEmpty();
        return problem.What;
    }
}
