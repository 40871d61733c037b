using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtApi;

/// <summary>The webhooks as the API server calls them: over TLS that it trusts, with the answers that a user sees.</summary>
public sealed class AdmissionTests(VirtApiFixture cluster) : IClassFixture<VirtApiFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_vmi_is_stored_with_its_defaults_in_both_versions()
    {
        var stored = await cluster.CreateAsync(Vmi("old").Replace("kubevirt.io/v1", "kubevirt.io/v1alpha3", StringComparison.Ordinal));
        stored.Text("status", "phase").ShouldBe("Pending");
        var read = await cluster.Admin.GetAsync(Kinds.VirtualMachineInstance, new("default", "old"), ct: Ct);
        read.At("metadata", "finalizers")!.ToJsonString().ShouldContain(Finalizers.Vmi);
        read.Text("spec", "domain", "machine", "type").ShouldBe("q35");
    }

    [Fact]
    public async Task Only_components_write_the_status()
    {
        await cluster.CreateAsync(Vmi("owned"));
        var key = new NamespacedName("default", "owned");
        var running = new JsonObject { ["status"] = new JsonObject { ["phase"] = "Running", ["nodeName"] = "node01" } };
        await cluster.Handler.PatchAsync(Kinds.VirtualMachineInstance, key, PatchKind.Merge, running, ct: Ct);
        var forged = new JsonObject
        {
            ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["mine"] = "yes" } },
            ["status"] = new JsonObject { ["phase"] = "Failed", ["nodeName"] = null },
        };
        await cluster.Admin.PatchAsync(Kinds.VirtualMachineInstance, key, PatchKind.Merge, forged, ct: Ct);
        var read = await cluster.Admin.GetAsync(Kinds.VirtualMachineInstance, key, ct: Ct);
        (read.Text("status", "phase"), read.Text("status", "nodeName"), read.Text("metadata", "labels", "mine")).ShouldBe(("Running", "node01", "yes"));
    }

    [Fact]
    public async Task A_faulty_vmi_is_refused_with_all_its_faults_by_field()
    {
        var error = await Should.ThrowAsync<ApiException>(() => cluster.CreateAsync(
            Vmi("faulty").Replace("domain:", "evictionStrategy: Sometimes\n  domain:", StringComparison.Ordinal)));
        error.Code.ShouldBe(422);
        error.Message.ShouldContain("admission webhook \"virtualmachineinstances-create-validator.kubevirt.io\" denied the request: ");
        error.Message.ShouldContain("spec.evictionStrategy is set with an unrecognized option: Sometimes");
        error.Status.Details!.Causes!.ShouldContain(cause => cause.Field == "spec.evictionStrategy");
    }

    [Fact]
    public async Task A_migration_is_judged_by_its_vmi_and_by_those_under_way()
    {
        (await Should.ThrowAsync<ApiException>(() => cluster.CreateAsync(Migration("lost", "nowhere"))))
            .Message.ShouldContain("the VMI \"default/nowhere\" does not exist");
        await cluster.CreateAsync(Vmi("mover"));
        await RunAsync("mover");
        var first = await cluster.CreateAsync(Migration("first", "mover"));
        first.Text("metadata", "labels", Labels.VmiName).ShouldBe("mover");
        first.At("metadata", "finalizers")!.ToJsonString().ShouldContain(Finalizers.Migration);
        (await Should.ThrowAsync<ApiException>(() => cluster.CreateAsync(Migration("second", "mover")))).Message.ShouldContain(
            $"in-flight migration detected. Active migration job ({first.Uid()}) is currently already in progress for VMI mover.");
        var patch = new JsonObject { ["spec"] = new JsonObject { ["vmiName"] = "other" } };
        (await Should.ThrowAsync<ApiException>(() => cluster.Admin.PatchAsync(
                Kinds.VirtualMachineInstanceMigration, new("default", "first"), PatchKind.Merge, patch, ct: Ct)))
            .Message.ShouldContain("update of Migration object's spec is restricted");
    }

    [Fact]
    public async Task An_eviction_marks_the_vmi_and_is_refused_so_that_a_drain_tries_again()
    {
        await cluster.CreateAsync(Vmi("guarded").Replace("domain:", "evictionStrategy: LiveMigrate\n  domain:", StringComparison.Ordinal));
        await RunAsync("guarded");
        await cluster.CreateAsync("""
            apiVersion: v1
            kind: Pod
            metadata:
              name: virt-launcher-guarded-x
              namespace: default
              labels: {kubevirt.io: virt-launcher}
              annotations: {kubevirt.io/domain: guarded}
            spec:
              nodeName: node01
              containers: [{name: compute, image: none}]
            """);
        var pod = new NamespacedName("default", "virt-launcher-guarded-x");
        var error = await Should.ThrowAsync<ApiException>(() => EvictAsync(pod));
        error.Code.ShouldBe(429);
        error.Message.ShouldContain("denied the request: Eviction triggered evacuation of VMI \"default/guarded\"");
        var vmi = await cluster.Admin.GetAsync(Kinds.VirtualMachineInstance, new("default", "guarded"), ct: Ct);
        vmi.Text("status", "evacuationNodeName").ShouldBe("node01");
        (await Should.ThrowAsync<ApiException>(() => EvictAsync(pod))).Message.ShouldContain("Evacuation in progress");
    }

    private Task EvictAsync(NamespacedName pod) => cluster.Admin.CreateSubresourceAsync(
        Kinds.Pod,
        pod,
        "eviction",
        new JsonObject
        {
            ["apiVersion"] = "policy/v1",
            ["kind"] = "Eviction",
            ["metadata"] = new JsonObject { ["name"] = pod.Name, ["namespace"] = pod.Namespace },
        },
        Ct);

    private Task RunAsync(string vmi) => cluster.Controller.PatchAsync(
        Kinds.VirtualMachineInstance,
        new("default", vmi),
        PatchKind.Merge,
        Yaml.Parse("status: {phase: Running, nodeName: node01, conditions: [{type: LiveMigratable, status: 'True'}]}")!,
        ct: Ct);

    private static string Vmi(string name) => $$"""
        apiVersion: kubevirt.io/v1
        kind: VirtualMachineInstance
        metadata: {name: {{name}}, namespace: default}
        spec:
          domain:
            memory: {guest: 64Mi}
            devices: {}
        """;

    private static string Migration(string name, string vmi) => $$"""
        apiVersion: kubevirt.io/v1
        kind: VirtualMachineInstanceMigration
        metadata: {name: {{name}}, namespace: default}
        spec: {vmiName: {{vmi}}}
        """;
}
