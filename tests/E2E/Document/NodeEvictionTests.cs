using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Document;

/// <summary>The document's chapter on node eviction: drain, uncordon and the drain taint, with the document's commands.</summary>
[Collection<FirstSide>]
public sealed class NodeEvictionTests(ClusterFixture cluster, FourGuests guests) : IClassFixture<FourGuests>
{
    private const string Selector = "--pod-selector=kubevirt.io=virt-launcher";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Evicting_all_KubeVirt_VMs_from_a_node_can_be_done_via_kubectl_drain_and_uncordon_makes_it_schedulable_again()
    {
        cluster.Require();
        var (node, other) = await GatherAsync();
        await using var config = await KubeVirtConfig.MigrationsAsync(cluster, "parallelMigrationsPerCluster: 5", "parallelOutboundMigrationsPerNode: 2");
        await using var open = new Reopened(cluster, node);
        using var watch = await AtOnce.WatchAsync(cluster, FourGuests.Namespace, guests.All.Count);

        (await DrainAsync(node, Selector)).Ok().ShouldContain($"node/{node} drained");
        (await watch.Most).ShouldBe(2);

        await Task.WhenAll(guests.All.Select(async guest =>
        {
            (await guest.NodeAsync()).ShouldBe(other);
            await guest.ShouldBeUnhurtAsync();
        }));

        (await LaunchersAsync(node)).ShouldBeEmpty();
        (await UnschedulableAsync(node)).ShouldBe("true");
        (await cluster.KubectlAsync(["uncordon", node])).Ok();
        (await UnschedulableAsync(node)).ShouldBeEmpty();
        await Task.WhenAll(guests.All.Select(guest => guest.BringToAsync(cluster, node)));
    }

    [Fact]
    public async Task A_VMI_that_cannot_be_moved_is_named_by_drain_and_stays_while_the_others_move()
    {
        cluster.Require();
        var (node, other) = await GatherAsync();
        var pinned = await SmallGuest.OnClaimAsync(cluster, "doc-pinned", "unshared", "ReadWriteOnce");
        await using var stays = await AwayFromAsync(other, "doc-pinned", "stays", pinned, migratable: false);
        await using var open = new Reopened(cluster, node);

        var drained = await DrainAsync(node, Selector, "--timeout=8s");

        drained.Code.ShouldNotBe(0);
        drained.Error.ShouldContain("VMI stays is configured with an eviction strategy but is not live-migratable");
        // Those that were asked to leave do so, though drain has given up.
        await UntilAllMovedAsync(other);
        (await stays.NodeAsync()).ShouldBe(node);
        await stays.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task If_we_omit_the_pod_selector_we_force_eviction_of_all_pods_and_VMs_from_a_node()
    {
        cluster.Require();
        var (node, other) = await GatherAsync();
        await using var ends = await AwayFromAsync(other, "doc-omitted", "ends", static vmi => vmi.Ensure("spec").Remove("evictionStrategy"));
        await using var open = new Reopened(cluster, node);

        (await DrainAsync(node)).Ok();

        (await LaunchersAsync(node)).ShouldBeEmpty();
        await ends.UntilVmiAsync(static v => VmiFacts.Phase(v) is VmiPhases.Succeeded or VmiPhases.Failed, "to end with its pod", Soon);
        await Task.WhenAll(guests.All.Select(async guest =>
        {
            (await guest.NodeAsync()).ShouldBe(other);
            await guest.ShouldBeUnhurtAsync();
        }));
    }

    [Fact]
    public async Task When_the_node_is_tainted_with_the_drain_key_the_migrations_of_VMIs_with_the_eviction_strategy_will_start()
    {
        cluster.Require();
        var (node, other) = await GatherAsync();
        await using var stays = await AwayFromAsync(other, "doc-tainted", "stays", static vmi => vmi.Ensure("spec").Remove("evictionStrategy"));
        await using (await Tainted.ByAsync(cluster, node, "kubevirt.io/drain=draining:NoSchedule"))
        {
            await UntilAllMovedAsync(other);
        }

        (await stays.NodeAsync()).ShouldBe(node, "it has no evictionStrategy");
        (await MigrationsAsync(stays.Name.Namespace)).ShouldBeEmpty();
        await stays.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task With_another_nodeDrainTaintKey_that_key_starts_the_migrations_and_the_old_one_does_not()
    {
        cluster.Require();
        var (node, other) = await GatherAsync();
        await using var config = await KubeVirtConfig.MigrationsAsync(cluster, "nodeDrainTaintKey: example.com/maintenance");
        (await cluster.KubectlAsync(["delete", "vmim", "--all", "-n", FourGuests.Namespace])).Ok();
        await using (await Tainted.ByAsync(cluster, node, "kubevirt.io/drain=draining:NoSchedule"))
        {
            await Task.WhenAll(guests.All.Select(static guest => guest.ShouldBeUnhurtAsync()));

            (await MigrationsAsync(FourGuests.Namespace)).ShouldBeEmpty();
            await using (await Tainted.ByAsync(cluster, node, "example.com/maintenance=now:NoSchedule"))
            {
                await UntilAllMovedAsync(other);
            }
        }
    }

    /// <summary>The document's command; a flag that this kubectl has no more is replaced by its new name.</summary>
    private async Task<Tool.Outcome> DrainAsync(string node, params string[] more)
    {
        string[] command = ["drain", node, "--delete-local-data", "--ignore-daemonsets=true", "--force", .. more];
        var outcome = await cluster.KubectlAsync(command);
        return outcome.Error.Contains("unknown flag: --delete-local-data", StringComparison.Ordinal)
            ? await cluster.KubectlAsync(command.Select(static w => w == "--delete-local-data" ? "--delete-emptydir-data" : w))
            : outcome;
    }

    /// <summary>Where the guests are, all on one node, and where they can go.</summary>
    private async Task<(string Node, string Other)> GatherAsync()
    {
        var node = await guests.All[0].NodeAsync();
        await Task.WhenAll(guests.All.Select(guest => guest.BringToAsync(cluster, node)));
        return (node, cluster.Other(node));
    }

    private async Task<Guest> AwayFromAsync(string other, string @namespace, string name, Action<JsonObject> change, bool migratable = true)
    {
        await using var closed = await Tainted.ByAsync(cluster, other, "example.com/closed:NoSchedule");
        return await SmallGuest.StartAsync(cluster, @namespace, name, change: change, migratable: migratable);
    }

    private async Task UntilAllMovedAsync(string other)
    {
        foreach (var guest in guests.All)
        {
            await guest.UntilVmiAsync(
                v => VmiFacts.Node(v) == other && v.Flag("status", "migrationState", "completed") == true, $"to move to {other}", Soon);
            await guest.ShouldBeUnhurtAsync();
        }

        var waited = await cluster.KubectlAsync(["wait", "vmim", "--all", "-n", FourGuests.Namespace, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s"]);
        waited.Code.ShouldBe(0, $"{waited.Error}{await UnsuccessfulAsync(FourGuests.Namespace)}");
    }

    private async Task<string> MigrationsAsync(string @namespace) => (await cluster.KubectlAsync(["get", "vmim", "-n", @namespace, "-o", "name"])).Ok();

    /// <summary>What the migrations say of themselves that have not succeeded.</summary>
    private async Task<string> UnsuccessfulAsync(string @namespace) => (await cluster.KubectlAsync(
        ["get", "vmim", "-n", @namespace, "-o", """jsonpath={range .items[?(@.status.phase!="Succeeded")]}{.metadata.name} {.status}{"\n"}{end}"""])).Output;

    private async Task<string> UnschedulableAsync(string node) => (await cluster.KubectlAsync(["get", "node", node, "-o", "jsonpath={.spec.unschedulable}"])).Ok();

    private async Task<string> LaunchersAsync(string node) => (await cluster.KubectlAsync(
        ["get", "pods", "-A", "-l", "kubevirt.io=virt-launcher", "--field-selector", $"spec.nodeName={node}", "-o", "name"])).Ok().Trim();
}
