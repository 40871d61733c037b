using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>Things taken away in the middle of a move: the guest stays where it is and nothing else stays.</summary>
[Collection<SecondSide>]
public sealed class FaultTests(ClusterFixture cluster)
{
    private static string Migration(string vmi, string annotations = "{}") => $$"""
        apiVersion: kubevirt.io/v1
        kind: VirtualMachineInstanceMigration
        metadata: {name: m, annotations: {{annotations}}}
        spec: {vmiName: {{vmi}}}
        """;

    [Fact]
    public async Task A_target_pod_that_is_deleted_fails_the_migration_and_the_guest_stays()
    {
        cluster.Require();
        await using var guest = await Guest.StartAsync(cluster, "e2e-target-gone");
        var before = await guest.NodeAsync();
        await using var slow = await Tunables.BandwidthAsync(cluster, "4Mi");
        await CreateAsync(guest);
        await guest.UntilAsync("m", static m => m.Text("status", "phase") == MigrationPhases.Running);
        var target = (await guest.ReadAsync()).Text("status", "migrationState", "targetPod")!;

        (await cluster.KubectlAsync(["delete", "pod", target, "-n", "e2e-target-gone", "--timeout=60s"])).Ok();

        (await guest.EndOfAsync("m")).Succeeded.ShouldBeFalse();
        (await guest.NodeAsync()).ShouldBe(before);
        await guest.UntilOnePodAsync();
        await guest.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task A_VMI_that_is_deleted_while_it_moves_goes_with_both_pods_and_the_migration()
    {
        cluster.Require();
        await using var guest = await Guest.StartAsync(cluster, "e2e-vmi-gone");
        await using var slow = await Tunables.BandwidthAsync(cluster, "4Mi");
        await CreateAsync(guest);
        await guest.UntilAsync("m", static m => m.Text("status", "phase") == MigrationPhases.Running);

        (await cluster.KubectlAsync(["delete", "vmi", "demo", "-n", "e2e-vmi-gone", "--timeout=90s"])).Ok();

        (await cluster.KubectlAsync(["wait", "vmim/m", "-n", "e2e-vmi-gone", "--for=delete", "--timeout=30s"])).Ok();
        (await cluster.KubectlAsync(["get", "pods,vmi", "-n", "e2e-vmi-gone", "-o", "name"])).Ok().ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_free_node_the_migration_says_so_gives_up_in_time_and_can_be_cancelled()
    {
        cluster.Require();
        await using var guest = await Guest.StartAsync(cluster, "e2e-no-target");
        var other = cluster.Other(await guest.NodeAsync());
        (await cluster.KubectlAsync(["cordon", other])).Ok();
        try
        {
            await CreateAsync(guest, "{kubevirt.io/migrationUnschedulablePodTimeoutSeconds: \"5\"}");
            (await guest.EndOfAsync("m")).Succeeded.ShouldBeFalse();
            var told = (await cluster.KubectlAsync(["describe", "vmim", "m", "-n", "e2e-no-target"])).Ok();
            told.ShouldContain("migrationTargetPodUnschedulable");
            told.ShouldContain("were unschedulable");
            (await cluster.KubectlAsync(["delete", "vmim", "m", "-n", "e2e-no-target", "--timeout=30s"])).Ok();

            await CreateAsync(guest);
            await guest.UntilAsync("m", static m => m.Text("status", "phase") == MigrationPhases.Scheduling);
            (await cluster.KubectlAsync(["delete", "vmim", "m", "-n", "e2e-no-target", "--timeout=30s"])).Ok();
            (await guest.ReadAsync()).At("status", "migrationState").ShouldBeNull();
            await guest.UntilOnePodAsync();
        }
        finally
        {
            (await cluster.KubectlAsync(["uncordon", other])).Ok();
        }
    }

    [Fact]
    public async Task A_target_that_is_not_heard_when_all_has_been_sent_to_it_keeps_the_guest_standing_for_seconds_only()
    {
        cluster.RequireNodesHere();
        await using var guest = await Guest.StartAsync(cluster, "e2e-mute");
        var before = await guest.NodeAsync();
        await using var slow = await Tunables.BandwidthAsync(cluster, "32Mi");
        await CreateAsync(guest);
        await guest.UntilAsync("m", static m => m.Integer("status", "migrationState", "transfer", "transferredBytes") > 0);
        var from = TimeProvider.System.GetUtcNow();
        await using (await PortCut.MuteAsync((await guest.ReadAsync()).Text("status", "migrationState", "sourcePodUID")!, MigrationModes.PortRoleMemory))
        {
            (await guest.EndOfAsync("m")).Succeeded.ShouldBeFalse();
        }

        (await guest.NodeAsync()).ShouldBe(before);
        await guest.ShouldBeUnhurtAsync();
        guest.Console.LargestGap(from, TimeProvider.System.GetUtcNow()).ShouldBeInRange(TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(6));
        await guest.UntilOnePodAsync();
    }

    private async Task CreateAsync(Guest guest, string annotations = "{}") =>
        (await cluster.KubectlAsync(["create", "-n", guest.Name.Namespace, "-f", "-"], Migration(guest.Name.Name, annotations))).Ok();
}
