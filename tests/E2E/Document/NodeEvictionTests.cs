using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Document;

/// <summary>The document's chapter on node eviction: drain, uncordon and the drain taint, with the document's commands.</summary>
public sealed class NodeEvictionTests(ClusterFixture cluster, ThreeGuests guests) : IClassFixture<ThreeGuests>
{
    private const string Node = "node01";
    private const string Other = "node02";
    private const string Selector = "--pod-selector=kubevirt.io=virt-launcher";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Evicting_all_KubeVirt_VMs_from_a_node_can_be_done_via_kubectl_drain_and_uncordon_makes_it_schedulable_again()
    {
        cluster.Require();
        await BringAllAsync();
        await using var config = await KubeVirtConfig.MigrationsAsync(cluster, "parallelOutboundMigrationsPerNode: 1");
        await using var open = new Reopened(cluster, Node);

        (await DrainAsync(Selector)).Ok().ShouldContain($"node/{Node} drained");

        foreach (var guest in guests.All)
        {
            (await guest.NodeAsync()).ShouldBe(Other);
            await guest.ShouldBeUnhurtAsync();
        }

        (await LaunchersAsync(Node)).ShouldBeEmpty();
        (await UnschedulableAsync()).ShouldBe("true");
        (await cluster.KubectlAsync(["uncordon", Node])).Ok();
        (await UnschedulableAsync()).ShouldBeEmpty();
        await BringAllAsync();
    }

    [Fact]
    public async Task A_VMI_that_cannot_be_moved_is_named_by_drain_and_stays_while_the_others_move()
    {
        cluster.Require();
        await BringAllAsync();
        var pinned = await SmallGuest.OnClaimAsync(cluster, "doc-pinned", "unshared", "ReadWriteOnce");
        await using var stays = await OnNodeAsync("doc-pinned", "stays", pinned, migratable: false);
        await using var open = new Reopened(cluster, Node);

        var drained = await DrainAsync(Selector, "--timeout=30s");

        drained.Code.ShouldNotBe(0);
        drained.Error.ShouldContain("VMI stays is configured with an eviction strategy but is not live-migratable");
        (await LaunchersAsync(Node)).Split('\n').ShouldHaveSingleItem().ShouldContain("virt-launcher-stays-");
        foreach (var guest in guests.All)
        {
            (await guest.NodeAsync()).ShouldBe(Other);
            await guest.ShouldBeUnhurtAsync();
        }

        await stays.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task If_we_omit_the_pod_selector_we_force_eviction_of_all_pods_and_VMs_from_a_node()
    {
        cluster.Require();
        await BringAllAsync();
        await using var ends = await OnNodeAsync("doc-omitted", "ends", static vmi => vmi.Ensure("spec").Remove("evictionStrategy"));
        await using var open = new Reopened(cluster, Node);

        (await DrainAsync()).Ok();

        (await LaunchersAsync(Node)).ShouldBeEmpty();
        await ends.UntilVmiAsync(static v => VmiFacts.Phase(v) is VmiPhases.Succeeded or VmiPhases.Failed, "to end with its pod", Soon);
        foreach (var guest in guests.All)
        {
            (await guest.NodeAsync()).ShouldBe(Other);
            await guest.ShouldBeUnhurtAsync();
        }
    }

    [Fact]
    public async Task When_the_node_is_tainted_with_the_drain_key_the_migrations_of_VMIs_with_the_eviction_strategy_will_start()
    {
        cluster.Require();
        await BringAllAsync();
        await using var stays = await OnNodeAsync("doc-tainted", "stays", static vmi => vmi.Ensure("spec").Remove("evictionStrategy"));
        await using (await Tainted.ByAsync(cluster, Node, "kubevirt.io/drain=draining:NoSchedule"))
        {
            await UntilAllMovedAsync();
        }

        (await stays.NodeAsync()).ShouldBe(Node, "it has no evictionStrategy");
        (await MigrationsAsync(stays.Name.Namespace)).ShouldBeEmpty();
        await stays.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task With_another_nodeDrainTaintKey_that_key_starts_the_migrations_and_the_old_one_does_not()
    {
        cluster.Require();
        await BringAllAsync();
        await using var config = await KubeVirtConfig.MigrationsAsync(cluster, "nodeDrainTaintKey: example.com/maintenance");
        (await cluster.KubectlAsync(["delete", "vmim", "--all", "-n", ThreeGuests.Namespace])).Ok();
        await using (await Tainted.ByAsync(cluster, Node, "kubevirt.io/drain=draining:NoSchedule"))
        {
            foreach (var guest in guests.All)
            {
                await guest.ShouldBeUnhurtAsync();
            }

            (await MigrationsAsync(ThreeGuests.Namespace)).ShouldBeEmpty();
            await using (await Tainted.ByAsync(cluster, Node, "example.com/maintenance=now:NoSchedule"))
            {
                await UntilAllMovedAsync();
            }
        }
    }

    /// <summary>The document's command; a flag that this kubectl has no more is replaced by its new name.</summary>
    private async Task<Tool.Outcome> DrainAsync(params string[] more)
    {
        string[] command = ["drain", Node, "--delete-local-data", "--ignore-daemonsets=true", "--force", .. more];
        var outcome = await cluster.KubectlAsync(command);
        return outcome.Error.Contains("unknown flag: --delete-local-data", StringComparison.Ordinal)
            ? await cluster.KubectlAsync(command.Select(static w => w == "--delete-local-data" ? "--delete-emptydir-data" : w))
            : outcome;
    }

    private async Task BringAllAsync()
    {
        foreach (var guest in guests.All)
        {
            await guest.BringToAsync(cluster, Node);
        }
    }

    private async Task<Guest> OnNodeAsync(string @namespace, string name, Action<JsonObject> change, bool migratable = true)
    {
        await using var closed = await Tainted.ByAsync(cluster, Other, "example.com/closed:NoSchedule");
        return await SmallGuest.StartAsync(cluster, @namespace, name, change: change, migratable: migratable);
    }

    private async Task UntilAllMovedAsync()
    {
        foreach (var guest in guests.All)
        {
            await guest.UntilVmiAsync(
                static v => VmiFacts.Node(v) == Other && v.Flag("status", "migrationState", "completed") == true, $"to move to {Other}", Soon);
            await guest.ShouldBeUnhurtAsync();
        }

        (await cluster.KubectlAsync(["wait", "vmim", "--all", "-n", ThreeGuests.Namespace, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s"])).Ok();
    }

    private async Task<string> MigrationsAsync(string @namespace) => (await cluster.KubectlAsync(["get", "vmim", "-n", @namespace, "-o", "name"])).Ok();

    private async Task<string> UnschedulableAsync() => (await cluster.KubectlAsync(["get", "node", Node, "-o", "jsonpath={.spec.unschedulable}"])).Ok();

    private async Task<string> LaunchersAsync(string node) => (await cluster.KubectlAsync(
        ["get", "pods", "-A", "-l", "kubevirt.io=virt-launcher", "--field-selector", $"spec.nodeName={node}", "-o", "name"])).Ok().Trim();
}
