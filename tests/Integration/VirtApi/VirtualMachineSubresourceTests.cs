using System.Text.Json.Nodes;
using Godwit.Integration.LocalCluster;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtApi;

/// <summary>Virtual machines through the API server, virt-api's webhooks and its subresources; there is no virt-controller.</summary>
public sealed class VirtualMachineSubresourceTests(VirtApiFixture cluster) : IClassFixture<VirtApiFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Kubectl Kubectl => new(Path.Combine(cluster.Folder, "admin.kubeconfig"), cluster.Folder);

    [Theory]
    [InlineData("v1")]
    [InlineData("v1alpha3")]
    public async Task Start_and_stop_turn_the_strategy_in_both_versions(string version)
    {
        var name = $"turned-{version}";
        await CreateAsync(name, "Halted");
        await cluster.ServedAsync(Ct);
        await PutAsync(name, "start", "{\"dryRun\":[\"All\"]}", version);
        (await VmAsync(name)).Spec!.RunStrategy.ShouldBe("Halted");
        await PutAsync(name, "start", "{}", version);
        (await VmAsync(name)).Spec!.RunStrategy.ShouldBe("Always");
        (await RefusalAsync(name, "start", "{}", version)).ShouldContain("Always does not support manual start requests");
        await PutAsync(name, "stop", "{}", version);
        (await VmAsync(name)).Spec!.RunStrategy.ShouldBe("Halted");
        (await RefusalAsync(name, "stop", "{}", version)).ShouldContain("VM is not running");
        (await RefusalAsync("nobody", "start", "{}", version)).ShouldContain("virtualmachine.kubevirt.io \"nobody\" not found");
        (await RefusalAsync(name, "stop", "{\"gracePeriod\":\"x\"}", version)).ShouldContain("Can not unmarshal Request body to struct");
    }

    [Fact]
    public async Task A_restart_is_asked_for_in_the_status_and_a_forced_one_shortens_the_end()
    {
        await CreateAsync("restarted", "Always");
        await cluster.ServedAsync(Ct);
        (await RefusalAsync("restarted", "restart", "{}")).ShouldContain("VM is not running");
        var vmi = await RunVmiAsync("restarted");
        await PutAsync("restarted", "restart", "{\"gracePeriodSeconds\":0}");
        (await VmAsync("restarted")).Status!.StateChangeRequests!.Select(request => (request.Action, request.Uid))
            .ShouldBe([("Stop", vmi.Uid()), ("Start", null)]);
        (await cluster.Admin.GetAsync(Kinds.VirtualMachineInstance, new("default", "restarted"), ct: Ct))
            .Integer("spec", "terminationGracePeriodSeconds").ShouldBe(1);
        (await RefusalAsync("restarted", "restart", "{}")).ShouldContain("stop/start already underway");
    }

    [Fact]
    public async Task Migrate_makes_a_migration_of_the_running_VMI()
    {
        await CreateAsync("moved", "Always");
        await cluster.ServedAsync(Ct);
        (await RefusalAsync("moved", "migrate", "{}")).ShouldContain("virtualmachineinstance.kubevirt.io \"moved\" not found");
        await RunVmiAsync("moved");
        await PutAsync("moved", "migrate", "{\"dryRun\":[\"All\"]}");
        await PutAsync("moved", "migrate", "{\"addedNodeSelector\":{\"zone\":\"b\"}}");
        var migrations = await cluster.Admin.ListAsync(
            Kinds.VirtualMachineInstanceMigration, "default", TypesJson.Default.VirtualMachineInstanceMigration, ct: Ct);
        var migration = migrations.Items.Where(one => one.Spec?.VmiName == "moved").ShouldHaveSingleItem();
        migration.Metadata.Name!.ShouldStartWith("kubevirt-migrate-vm-");
        migration.Spec!.AddedNodeSelector.ShouldBe(new Dictionary<string, string> { ["zone"] = "b" });
        (await RefusalAsync("moved", "migrate", "{}")).ShouldContain("in-flight migration detected");
    }

    [Fact]
    public async Task An_evacuation_is_called_off_by_the_name_of_its_node()
    {
        await CreateAsync("stayer", "Always");
        await cluster.ServedAsync(Ct);
        await RunVmiAsync("stayer", """{"status":{"evacuationNodeName":"node07"}}""");
        (await RefusalAsync("stayer", "evacuate/cancel", "{\"evacuationNodeName\":\"node08\"}", resource: "virtualmachineinstances"))
            .ShouldContain("Internal error occurred");
        await PutAsync("stayer", "evacuate/cancel", "{\"evacuationNodeName\":\"node07\"}", resource: "virtualmachineinstances");
        (await cluster.Admin.GetAsync(Kinds.VirtualMachineInstance, new("default", "stayer"), ct: Ct))
            .Text("status", "evacuationNodeName").ShouldBeNull();
        (await RefusalAsync("stayer", "evacuate/cancel", "{}")).ShouldContain("VMI is not started");
    }

    [Fact]
    public async Task Discovery_lists_what_can_be_done_with_a_virtual_machine()
    {
        await cluster.ServedAsync(Ct);
        var listed = await cluster.Admin.GetRawAsync("/apis/subresources.kubevirt.io/v1", ct: Ct);
        foreach (var name in new[] { "start", "stop", "restart", "migrate", "evacuate/cancel" })
        {
            listed.ShouldContain($"\"virtualmachines/{name}\"");
        }
    }

    [Fact]
    public async Task Kubectl_knows_the_short_names_and_the_columns()
    {
        await CreateAsync("shown", "Halted");
        var table = await Kubectl.MustAsync("get vm shown -n default");
        table.Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).ShouldBe(["NAME", "AGE", "STATUS", "READY"]);
        var refused = await Kubectl.RunAsync("apply -f -", """
            apiVersion: kubevirt.io/v1alpha3
            kind: VirtualMachine
            metadata: {name: wrong, namespace: default}
            spec: {runStrategy: Sometimes, template: {spec: {domain: {memory: {guest: 64Mi}, devices: {}}}}}
            """);
        refused.Error.ShouldContain("Invalid RunStrategy (Sometimes). Use one of Always, Halted, Manual, RerunOnFailure, Once.");
        await cluster.CreateAsync("""
            apiVersion: kubevirt.io/v1
            kind: VirtualMachineInstanceReplicaSet
            metadata: {name: scaled, namespace: default}
            spec:
              replicas: 1
              selector: {matchLabels: {set: scaled}}
              template: {metadata: {labels: {set: scaled}}, spec: {domain: {memory: {guest: 64Mi}, devices: {}}}}
            """);
        await Kubectl.MustAsync("scale vmirs scaled -n default --replicas=4");
        (await Kubectl.MustAsync("get vmirs scaled -n default -o jsonpath={.spec.replicas}")).ShouldBe("4");
    }

    private static string Address(string name, string subresource, string version = "v1", string resource = "virtualmachines") =>
        $"/apis/subresources.kubevirt.io/{version}/namespaces/default/{resource}/{name}/{subresource}";

    private Task PutAsync(string name, string subresource, string body, string version = "v1", string resource = "virtualmachines") =>
        Kubectl.MustAsync($"replace --raw {Address(name, subresource, version, resource)} -f -", body);

    private async Task<string> RefusalAsync(
        string name, string subresource, string body, string version = "v1", string resource = "virtualmachines")
    {
        var result = await Kubectl.RunAsync($"replace --raw {Address(name, subresource, version, resource)} -f -", body);
        result.Exit.ShouldNotBe(0);
        return result.Error;
    }

    private Task<VirtualMachine> VmAsync(string name) =>
        cluster.Admin.GetAsync(Kinds.VirtualMachine, new("default", name), TypesJson.Default.VirtualMachine, ct: Ct);

    private Task CreateAsync(string name, string strategy) => cluster.CreateAsync($$"""
        apiVersion: kubevirt.io/v1
        kind: VirtualMachine
        metadata: {name: {{name}}, namespace: default}
        spec:
          runStrategy: {{strategy}}
          template:
            spec:
              domain:
                memory: {guest: 64Mi}
                devices: {interfaces: [{name: default, masquerade: {} }]}
              networks: [{name: default, pod: {} }]
        """);

    /// <summary>Plays controller and agent: the virtual machine's VMI runs.</summary>
    private async Task<JsonObject> RunVmiAsync(string name, string? more = null)
    {
        var vmi = await cluster.CreateAsync($$"""
            apiVersion: kubevirt.io/v1
            kind: VirtualMachineInstance
            metadata: {name: {{name}}, namespace: default}
            spec:
              domain:
                memory: {guest: 64Mi}
                devices: {interfaces: [{name: default, masquerade: {} }]}
              networks: [{name: default, pod: {} }]
            """);
        await cluster.Handler.PatchAsync(
            Kinds.VirtualMachineInstance, vmi.Key(), PatchKind.Merge, JsonNode.Parse("""{"status":{"phase":"Running"}}""")!, ct: Ct);
        if (more is not null)
        {
            await cluster.Handler.PatchAsync(Kinds.VirtualMachineInstance, vmi.Key(), PatchKind.Merge, JsonNode.Parse(more)!, ct: Ct);
        }

        return vmi;
    }
}
