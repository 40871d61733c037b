using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Eviction;

/// <summary>Every eviction strategy with a real guest of its own, under the drain taint and under a real eviction of its pod.</summary>
[Collection<FirstSide>]
public sealed class StrategyTests(ClusterFixture cluster)
{
    private const string Namespace = StrategyRow.Namespace;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    private string Node => cluster.Nodes[0];

    private string Other => cluster.Nodes[1];

    [Fact]
    public async Task Each_strategy_does_under_the_drain_taint_and_under_eviction_what_the_matrix_says()
    {
        cluster.Require();
        var guests = new List<(StrategyRow Row, Guest Guest)>();
        try
        {
            await StartAllAsync(guests);
            await using (await Tainted.ByAsync(cluster, Node, "kubevirt.io/drain=draining:NoSchedule"))
            {
                foreach (var (_, guest) in guests.Where(static g => g.Row.Moves))
                {
                    await UntilMovedAsync(guest, Other);
                }

                foreach (var (row, guest) in guests.Where(static g => !g.Row.Moves))
                {
                    (await guest.NodeAsync()).ShouldBe(Node, $"{row.Guest} is not to leave");
                    (await MigrationsAsync(row.Guest)).ShouldBeEmpty($"{row.Guest} is not to be moved");
                }
            }

            await Task.WhenAll(guests.Select(g => EvictAsync(g.Row, g.Guest)));

            await Task.WhenAll(guests.Where(static g => g.Row.Refusal is not null).Select(static g => g.Guest.ShouldBeUnhurtAsync()));
        }
        finally
        {
            foreach (var (_, guest) in guests)
            {
                await guest.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task An_eviction_that_is_only_tried_marks_nothing_a_targets_pod_is_told_from_a_guests_and_a_finished_pod_goes()
    {
        cluster.Require();
        const string Where = "e2e-evict-pods";
        await using var guest = await SmallGuest.StartAsync(cluster, Where, "moved");
        var before = await guest.NodeAsync();
        var source = (await guest.LivingPodsAsync()).ShouldHaveSingleItem();

        (await Evictions.PostAsync(cluster, Where, source, "?dryRun=All")).Error.ShouldContain("Eviction triggered evacuation of VMI");
        (await Evictions.PostAsync(cluster, Where, source, dryRun: ["All"])).Error.ShouldContain("Eviction triggered evacuation of VMI");
        (await guest.ReadAsync()).Text("status", "evacuationNodeName").ShouldBeNull();

        await using (await Tunables.BandwidthAsync(cluster, "8Mi"))
        {
            var migration = (await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None)).Name();
            await guest.UntilAsync(migration, static m => m.Text("status", "phase") == MigrationPhases.Running);
            var target = (await guest.ReadAsync()).Text("status", "migrationState", "targetPod")!;
            (await Evictions.PostAsync(cluster, Where, target)).Error.ShouldContain("Eviction request for target Pod");
            (await Evictions.PostAsync(cluster, Where, source)).Error.ShouldContain("Eviction triggered evacuation of VMI");
            // The mark is there now, and it is looked at before it is asked whose pod this is.
            (await Evictions.PostAsync(cluster, Where, target)).Error.ShouldContain("Evacuation in progress: Eviction triggered evacuation of VMI");
            (await guest.EndOfAsync(migration)).ShouldHaveSucceeded();
        }

        (await guest.NodeAsync()).ShouldNotBe(before);
        (await guest.ReadAsync()).Text("status", "evacuationNodeName").ShouldBeNull("the guest has left the node that it was to leave");
        await guest.UntilOnePodAsync();
        (await Evictions.PostAsync(cluster, Where, source)).Ok();
        (await cluster.KubectlAsync(["wait", "pod", source, "-n", Where, "--for=delete", "--timeout=30s"])).Ok();
        await guest.ShouldBeUnhurtAsync();
    }

    private async Task EvictAsync(StrategyRow row, Guest guest)
    {
        // What the move from the tainted node has left has to end first.
        await guest.UntilOnePodAsync();
        var home = await guest.NodeAsync();
        var pod = (await guest.LivingPodsAsync()).ShouldHaveSingleItem();
        var answer = await Evictions.PostAsync(cluster, Namespace, pod);
        if (row.Refusal is null)
        {
            answer.Ok();
            await guest.UntilVmiAsync(static v => VmiFacts.Phase(v) is VmiPhases.Succeeded or VmiPhases.Failed, "to end with its pod", Soon);
            return;
        }

        answer.Code.ShouldNotBe(0, row.Guest);
        answer.Error.ShouldContain("(TooManyRequests)");
        answer.Error.ShouldContain(row.Refusal);
        if (row.Moves)
        {
            await UntilMovedAsync(guest, home == Node ? Other : Node);
            var vmi = await guest.ReadAsync();
            vmi.Text("status", "evacuationNodeName").ShouldBeNull($"{row.Guest} has left");
            return;
        }

        (await guest.ReadAsync()).Text("status", "evacuationNodeName").ShouldBe(row.Migratable ? home : null, row.Guest);
        (await MigrationsAsync(row.Guest)).ShouldBeEmpty($"{row.Guest} is not to be moved");
        if (row.Strategy == EvictionStrategies.External)
        {
            (await Evictions.PostAsync(cluster, Namespace, pod)).Error.ShouldContain($"Evacuation in progress: {row.Refusal}");
            // Whoever is in charge moves it, and that is the end of the mark.
            (await guest.MoveAsync()).ShouldHaveSucceeded();
            (await guest.ReadAsync()).Text("status", "evacuationNodeName").ShouldBeNull();
        }
    }

    /// <summary>All on one node; the one that takes the cluster's strategy is made while there is one.</summary>
    private async Task StartAllAsync(List<(StrategyRow Row, Guest Guest)> guests)
    {
        await using var closed = await Tainted.ByAsync(cluster, Other, "example.com/closed:NoSchedule");
        await DefaultStrategyAsync(EvictionStrategies.LiveMigrate);
        try
        {
            guests.Add(await StartAsync(StrategyRow.All.Single(static r => r.ByCluster)));
        }
        finally
        {
            await DefaultStrategyAsync(null);
        }

        guests.AddRange(await Task.WhenAll(StrategyRow.All.Where(static r => !r.ByCluster).Select(StartAsync)));
    }

    private async Task<(StrategyRow Row, Guest Guest)> StartAsync(StrategyRow row)
    {
        Action<JsonObject> pin = row.Migratable
            ? static _ => { }
        : await SmallGuest.OnClaimAsync(cluster, Namespace, $"of-{row.Guest}", "ReadWriteOnce");
        var guest = await SmallGuest.StartAsync(
            cluster,
            Namespace,
            row.Guest,
            change: vmi =>
            {
                vmi.Ensure("spec").Remove("evictionStrategy");
                if (row.Strategy is { } strategy)
                {
                    vmi.Ensure("spec")["evictionStrategy"] = strategy;
                }

                pin(vmi);
            },
            migratable: row.Migratable);
        return (row, guest);
    }

    private async Task DefaultStrategyAsync(string? strategy) => (await cluster.KubectlAsync(
        ["patch", "kubevirt", Installation.KubeVirtName, "-n", Installation.Namespace, "--type=merge", "-p",
            new JsonObject { ["spec"] = new JsonObject { ["configuration"] = new JsonObject { ["evictionStrategy"] = strategy } } }.ToJsonString()])).Ok();

    private static async Task UntilMovedAsync(Guest guest, string to) => await guest.UntilVmiAsync(
        v => VmiFacts.Node(v) == to && v.Flag("status", "migrationState", "completed") == true && v.Flag("status", "migrationState", "failed") != true,
        $"to move to {to}",
        Soon);

    private async Task<string> MigrationsAsync(string vmi) =>
        (await cluster.KubectlAsync(["get", "vmim", "-n", Namespace, "-l", $"kubevirt.io/vmi-name={vmi}", "-o", "name"])).Ok();
}
