using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>Migrations that lose something, or are cancelled, as soon as they are seen in a phase: each phase in turn.</summary>
[Collection<SecondSide>]
public sealed class InterruptedTests(ClusterFixture cluster)
{
    private const string Job = "m";
    private const string SourcePod = "kubevirt.io=virt-launcher,!kubevirt.io/migrationJobUID";
    private static readonly string[] Phases =
    [
        MigrationPhases.Pending, MigrationPhases.Scheduling, MigrationPhases.Scheduled, MigrationPhases.PreparingTarget,
        MigrationPhases.TargetReady, MigrationPhases.Running,
    ];

    [Fact]
    public async Task A_cancel_in_any_phase_even_twice_and_a_target_pod_that_goes_leave_the_guest_unhurt_in_one_pod()
    {
        cluster.Require();
        const string Where = "e2e-interrupted";
        await using var guest = await SmallGuest.StartAsync(cluster, Where, "kept");
        var home = await guest.NodeAsync();
        await using (await Policy.OfNamespaceAsync(cluster, Where, "bandwidthPerMigration: 4Mi"))
        {
            foreach (var phase in Phases)
            {
                await ReachAsync(guest, phase);
                (await KubectlAsync(Where, "delete", "vmim", Job, "--wait=false")).Ok();
                // The second one finds it on its way out, or gone.
                (await KubectlAsync(Where, "delete", "vmim", Job, "--ignore-not-found", "--timeout=60s")).Ok();
                await ShouldBeAtHomeAsync(guest, home, $"cancelled when {phase}");

                var job = await ReachAsync(guest, phase);
                (await KubectlAsync(Where, "delete", "pod", "-l", $"kubevirt.io/migrationJobUID={job.Text("metadata", "uid")}", "--timeout=60s")).Ok();
                var end = await guest.EndOfAsync(Job);
                // Where there was no pod yet the migration has gone its way.
                if (!end.Succeeded)
                {
                    end.Failure.ShouldNotBeNullOrEmpty();
                    await ShouldBeAtHomeAsync(guest, home, $"target pod deleted when {phase}");
                }

                (await KubectlAsync(Where, "delete", "vmim", Job, "--timeout=60s")).Ok();
                home = await guest.NodeAsync();
            }
        }

        await guest.ShouldBeUnhurtAsync();
        (await guest.MoveAsync()).ShouldHaveSucceeded();
    }

    [Theory]
    [InlineData("vmi")]
    [InlineData("pod")]
    [InlineData("namespace")]
    public async Task What_is_deleted_on_the_way_takes_everything_along_in_any_phase(string what)
    {
        cluster.Require();
        await using var settings = await Tunables.SetAsync(
            cluster,
            ("bandwidthPerMigration", "4Mi"),
            ("parallelMigrationsPerCluster", Phases.Length),
            ("parallelOutboundMigrationsPerNode", Phases.Length),
            ("parallelInboundMigrationsPerNode", Phases.Length));
        await Task.WhenAll(Phases.Select(phase => LoseAsync(what, phase)));
    }

    private async Task LoseAsync(string what, string phase)
    {
        var where = $"e2e-lost-{what}-{phase.ToLowerInvariant()}";
        // Not booted: what becomes of the guest is no matter here, and it is not asked to end in peace.
        await using var guest = await SmallGuest.StartAsync(
            cluster, where, "lost", change: static vmi => vmi.Ensure("spec")["terminationGracePeriodSeconds"] = 1, booted: false);
        await ReachAsync(guest, phase);
        string[] deletion = what switch { "vmi" => ["vmi", "lost"], "namespace" => ["namespace", where], _ => ["pod", "-l", SourcePod] };
        (await KubectlAsync(where, ["delete", .. deletion, "--timeout=90s"])).Ok();
        if (what == "pod")
        {
            // The source's pod is the guest: it has failed, and the migration with it.
            await guest.UntilVmiAsync(static v => v.Text("status", "phase") is VmiPhases.Failed or VmiPhases.Succeeded, $"to end with its pod ({phase})");
            (await guest.EndOfAsync(Job)).Succeeded.ShouldBeFalse(phase);
            await guest.UntilNoPodAsync();
            return;
        }

        (await KubectlAsync(where, "wait", "vmim", Job, "--for=delete", "--timeout=60s")).Ok();
        (await KubectlAsync(where, "get", "pods,vmi,vmim", "-o", "name")).Ok().ShouldBeEmpty($"{what} deleted when {phase}");
    }

    /// <summary>Asks for a move and comes back as soon as it is seen in the phase, or in a later one when that was passed between two looks.</summary>
    private async Task<JsonObject> ReachAsync(Guest guest, string phase)
    {
        (await cluster.KubectlAsync(["create", "-n", guest.Name.Namespace, "-f", "-"], $$"""
            apiVersion: kubevirt.io/v1
            kind: VirtualMachineInstanceMigration
            metadata: {name: {{Job}}}
            spec: {vmiName: {{guest.Name.Name}}}
            """)).Ok();
        var rank = Array.IndexOf(Phases, phase);
        return await guest.UntilAsync(Job, m => Array.IndexOf(Phases, m.Text("status", "phase")) >= rank);
    }

    private static async Task ShouldBeAtHomeAsync(Guest guest, string home, string when)
    {
        await guest.UntilOnePodAsync();
        (await guest.NodeAsync()).ShouldBe(home, when);
        (await guest.ReadAsync()).Text("status", "phase").ShouldBe(VmiPhases.Running, when);
    }

    private Task<Tool.Outcome> KubectlAsync(string @namespace, params string[] command) => cluster.KubectlAsync(["-n", @namespace, .. command]);
}
