using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>virt-api hangs, and is gone: what it would judge is refused in time; what runs, moves and drains does so without it.</summary>
[Collection<OwnClusters>]
public sealed class WebhookDownTests(BareCluster cluster) : IClassFixture<BareCluster>
{
    private const string Namespace = "e2e-webhook-down";
    private const string DrainTaint = "kubevirt.io/drain";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>A webhook is waited for ten seconds; the rest is kubectl's.</summary>
    private static readonly TimeSpan Refused = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Without_it_new_things_are_refused_in_time_and_guests_run_move_and_drain()
    {
        cluster.Require();
        (await cluster.GodwitAsync(["install", "--timeout", "120"], Limit)).Ok();
        await Emulation.UseAsync(cluster);
        await using var guest = await Guest.StartAsync(cluster, Namespace);
        var home = await guest.NodeAsync();
        await using (await HungAsync(guest))
        {
            await RefusesAsync("context deadline exceeded", "no endpoints available");
            await DrainsAsync(guest, await guest.NodeAsync());
        }

        (await guest.NodeAsync()).ShouldBe(home, "it was moved, and drained back");
        await ScaleAsync(0);
        (await cluster.KubectlAsync(["wait", "pod", "-n", Installation.Namespace, "-l", "kubevirt.io=virt-api", "--for=delete", "--timeout=60s"])).Ok();
        await RefusesAsync("no endpoints available", "connection refused");
        await DrainsAsync(guest, home);
        var pod = (await guest.LivingPodsAsync()).ShouldHaveSingleItem();
        var eviction = await Evictions.PostAsync(cluster, Namespace, pod);
        eviction.Code.ShouldNotBe(0);
        eviction.Error.ShouldContain("virt-launcher-eviction-interceptor.kubevirt.io");
        await ScaleAsync(2);
        (await cluster.KubectlAsync(["rollout", "status", "deployment/virt-api", "-n", Installation.Namespace, "--timeout=120s"])).Ok();

        (await CreateAsync()).Ok();
        (await guest.MoveAsync()).ShouldHaveSucceeded();
        await guest.ShouldBeUnhurtAsync();
    }

    /// <summary>virt-api stops in the middle of a move, which ends as if nothing had happened.</summary>
    private async Task<Frozen> HungAsync(Guest guest)
    {
        await using var slow = await Tunables.BandwidthAsync(cluster, "24Mi");
        var migration = await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None);
        await guest.UntilAsync(migration.Name(), static m => m.At("status", "migrationState", "transfer") is not null);
        var pods = (await cluster.KubectlAsync(
            ["get", "pods", "-n", Installation.Namespace, "-l", "kubevirt.io=virt-api", "-o", "jsonpath={.items[*].metadata.uid}"])).Ok();
        var hung = await Frozen.ProcessesAsync("godwitd", pods.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        (await guest.EndOfAsync(migration.Name())).ShouldHaveSucceeded();
        // Its finalizer is gone too, so that it can be removed.
        (await cluster.KubectlAsync(["delete", "vmim", migration.Name(), "-n", Namespace, "--timeout=30s"])).Ok();
        await guest.ShouldBeUnhurtAsync();
        await guest.UntilOnePodAsync();
        return hung;
    }

    private async Task RefusesAsync(params string[] reasons)
    {
        var began = TimeProvider.System.GetTimestamp();
        var outcome = await CreateAsync();
        TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(Refused);
        outcome.Code.ShouldNotBe(0);
        outcome.Error.ShouldContain("failed calling webhook \"virtualmachineinstances-mutator.kubevirt.io\"");
        reasons.ShouldContain(reason => outcome.Error.Contains(reason, StringComparison.Ordinal), outcome.Error);
    }

    private async Task<Tool.Outcome> CreateAsync() => await cluster.KubectlAsync(
        ["create", "--dry-run=server", "-n", Namespace, "-f", "-"],
        (await File.ReadAllTextAsync(Path.Combine(TestCluster.Root, "examples", "vmi-demo.yaml"), TestContext.Current.CancellationToken))
            .Replace("name: demo", "name: another", StringComparison.Ordinal));

    /// <summary>By the taint, which needs no eviction and so nobody's judgement.</summary>
    private async Task DrainsAsync(Guest guest, string node)
    {
        (await cluster.KubectlAsync(["taint", "node", node, $"{DrainTaint}=draining:NoSchedule"])).Ok();
        await guest.UntilVmiAsync(v => VmiFacts.Node(v) != node && v.Flag("status", "migrationState", "completed") == true, $"to leave {node}");
        (await cluster.KubectlAsync(["taint", "node", node, $"{DrainTaint}-"])).Ok();
        await guest.ShouldBeUnhurtAsync();
        await guest.UntilOnePodAsync();
    }

    private async Task ScaleAsync(int replicas) =>
        (await cluster.KubectlAsync(["scale", "deployment/virt-api", "-n", Installation.Namespace, $"--replicas={replicas}"])).Ok();
}
