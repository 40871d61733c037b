using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Document;

/// <summary>The document's chapter on performing the live migration: limitations, the VMIM, what is calculated and reported.</summary>
[Collection<FirstSide>]
public sealed class PerformingTests(ClusterFixture cluster, PerformingGuests guests) : IClassFixture<PerformingGuests>
{
    private static string Examples { get; } = Path.Combine(ClusterFixture.Root, "examples");

    [Fact]
    public async Task Virtual_machines_using_PVC_must_have_a_RWX_access_mode_to_be_live_migrated()
    {
        cluster.Require();
        const string Message =
            "cannot migrate VMI: PVC unshared is not shared, live migration requires that all PVCs must be shared (using ReadWriteMany access mode)";
        ShouldNotBeMigratable(await guests.Unshared.ReadAsync(), "DisksNotLiveMigratable", Message);
        var refused = await PostAsync(guests.Unshared.Name);
        refused.Code.ShouldNotBe(0);
        refused.Error.ShouldContain($"Cannot migrate VMI, Reason: DisksNotLiveMigratable, Message: {Message}");
        await guests.Unshared.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task Additionally_pod_network_binding_of_bridge_interface_is_not_allowed()
    {
        cluster.Require();
        var name = new NamespacedName(PerformingGuests.Namespace, "bridged");
        (await cluster.KubectlAsync(["create", "-n", name.Namespace, "-f", "-"], """
            apiVersion: kubevirt.io/v1alpha3
            kind: VirtualMachineInstance
            metadata: {name: bridged}
            spec:
              domain: {memory: {guest: 64Mi}, devices: {interfaces: [{name: default, bridge: {}}]}}
              networks: [{name: default, pod: {}}]
            """)).Ok();
        (await cluster.KubectlAsync(
            ["wait", "vmi/bridged", "-n", name.Namespace, "--for=jsonpath={.status.conditions[?(@.type==\"LiveMigratable\")].status}=False", "--timeout=60s"])).Ok();
        ShouldNotBeMigratable(
            await cluster.Api.GetAsync(Kinds.VirtualMachineInstance, name, ct: TestContext.Current.CancellationToken),
            "InterfaceNotLiveMigratable",
            "cannot migrate VMI which does not use masquerade or a migratable plugin to connect to the pod network");
        var refused = await PostAsync(name);
        refused.Code.ShouldNotBe(0);
        refused.Error.ShouldContain("Cannot migrate VMI");
    }

    [Fact]
    public async Task VMs_on_PVCs_with_ReadWriteMany_access_live_migrate_only_memory_contents()
    {
        cluster.Require();
        var guest = guests.Shared;
        var before = await guest.NodeAsync();
        (await DescribeAsync(guest.Name)).ShouldMatch("Migration Method: +LiveMigration\n");

        (await guest.MoveAsync()).ShouldHaveSucceeded();

        var vmi = await guest.ReadAsync();
        VmiFacts.Node(vmi).ShouldNotBe(before);
        vmi.Integer("status", "migrationState", "transfer", "diskTotalBytes").ShouldBe(0);
        vmi.Integer("status", "migrationState", "transfer", "transferredBytes").ShouldNotBeNull().ShouldBeGreaterThan(32 << 20);
        await guest.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task Live_migration_is_initiated_by_posting_a_VirtualMachineInstanceMigration_that_names_the_VM()
    {
        cluster.Require();
        const string Namespace = "doc-posting";
        await Guest.EnsureNamespaceAsync(cluster, Namespace);
        try
        {
            await KubectlAsync("create", "-f", Path.Combine(Examples, "vmi-fedora.yaml"));
            await KubectlAsync("wait", "vmi/vmi-fedora", "--for=jsonpath={.status.phase}=Running", "--timeout=90s");

            // When a VM is started, a calculation has been already performed: condition and method are there, with no migration in sight.
            var described = await DescribeAsync(new(Namespace, "vmi-fedora"));
            described.ShouldMatch(" Status: +True\n +Type: +LiveMigratable\n");
            described.ShouldMatch("Migration Method: +BlockMigration\n");
            var before = await KubectlAsync("get", "vmi", "vmi-fedora", "-o", "jsonpath={.status.nodeName}");

            // If the VM is live-migratable, the request will submit successfully; the status change is reported under VMI.status.
            await KubectlAsync("create", "-f", Path.Combine(Examples, "migration-job.yaml"));
            await KubectlAsync("wait", "vmim/migration-job", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=90s");

            var state = (await cluster.Api.GetAsync(Kinds.VirtualMachineInstance, new(Namespace, "vmi-fedora"), ct: TestContext.Current.CancellationToken)).At("status", "migrationState");
            state.Flag("completed").ShouldBe(true);
            state.Flag("failed").ShouldNotBe(true);
            state.Text("sourceNode").ShouldBe(before);
            state.Integer("transfer", "diskTotalBytes").ShouldNotBeNull().ShouldBeGreaterThan(0, "BlockMigration means that the disk data is copied");
            var after = await KubectlAsync("get", "vmi", "vmi-fedora", "-o", "jsonpath={.status.nodeName}");
            after.ShouldBe(state.Text("targetNode"));
            after.ShouldNotBe(before);
        }
        finally
        {
            (await cluster.KubectlAsync(["delete", "namespace", Namespace, "--timeout=90s"])).Ok();
        }

        async Task<string> KubectlAsync(params string[] words) => (await cluster.KubectlAsync([.. words, "-n", Namespace])).Ok();
    }

    private static void ShouldNotBeMigratable(JsonObject vmi, string reason, string message)
    {
        var condition = Guest.Condition(vmi, Conditions.LiveMigratable);
        condition.Text("status").ShouldBe("False");
        condition.Text("reason").ShouldBe(reason);
        condition.Text("message").ShouldNotBeNull().ShouldStartWith(message);
    }

    private Task<Tool.Outcome> PostAsync(NamespacedName vmi) => cluster.KubectlAsync(["create", "-n", vmi.Namespace, "-f", "-"], $$"""
        apiVersion: kubevirt.io/v1alpha3
        kind: VirtualMachineInstanceMigration
        metadata: {name: refused}
        spec: {vmiName: {{vmi.Name}} }
        """);

    private async Task<string> DescribeAsync(NamespacedName vmi) => (await cluster.KubectlAsync(["describe", "vmi", vmi.Name, "-n", vmi.Namespace])).Ok();
}
