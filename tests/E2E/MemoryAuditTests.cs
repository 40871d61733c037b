using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>
/// Both copies of a guest at the one moment in which both are complete: between the swap of ownership and the target's start, which
/// is stretched here by a target's agent that hangs.
/// </summary>
[Collection<FirstSide>]
public sealed class MemoryAuditTests(ClusterFixture cluster)
{
    private const long Memory = 256L << 20;

    [Fact]
    public async Task At_the_switchover_every_page_of_memory_is_the_same_on_both_sides()
    {
        cluster.RequireOwn();
        await using var guest = await Guest.StartAsync(cluster, "e2e-audit");
        await using var slow = await Tunables.BandwidthAsync(cluster, "48Mi");
        var migration = await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None);
        var running = await guest.UntilAsync(migration.Name(), static m => m.Text("status", "phase") == MigrationPhases.Running);
        var state = running.At("status", "migrationState");
        var target = (await guest.ReadAsync()).Text("status", "migrationState", "targetPodUID").ShouldNotBeNull();
        var source = (await guest.ReadAsync()).Text("status", "migrationState", "sourcePodUID").ShouldNotBeNull();

        await using (await Stopped.Async(cluster.State.ReadProcess($"handler-{state.Text("targetNode")}").ShouldNotBeNull().Pid))
        {
            await guest.UntilVmiAsync(v => v.Text("status", "ownerPodUID") == target, "to be handed over", TimeSpan.FromMinutes(1));
            var sent = await GuestMemory.PagesAsync(PodProcesses.InPod(source, PodProcesses.Qemu).ShouldNotBeNull(), Memory);
            var arrived = await GuestMemory.PagesAsync(PodProcesses.InPod(target, PodProcesses.Qemu).ShouldNotBeNull(), Memory);

            var differing = Enumerable.Range(0, sent.Count).Where(i => sent[i] != arrived[i]).ToArray();
            differing.ShouldBeEmpty();
            sent.Distinct(StringComparer.Ordinal).Count().ShouldBeGreaterThan(sent.Count / 4, "the guest has filled its memory with random data");
        }

        (await guest.EndOfAsync(migration.Name())).Succeeded.ShouldBeTrue();
        await guest.ShouldBeUnhurtAsync();
    }
}
