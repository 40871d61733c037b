using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>An API server that hangs while a guest moves: neither copy may run without it, so the guest is not stopped before it answers.</summary>
[Collection<FirstSide>]
public sealed class SilentServerTests(ClusterFixture cluster)
{
    /// <summary>Twice as long as the migration would take.</summary>
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_guest_that_moves_while_the_API_server_hangs_is_not_stopped_until_it_answers_again()
    {
        cluster.RequireOwn();
        await using var guest = await Guest.StartAsync(cluster, "e2e-silent");
        var home = await guest.NodeAsync();
        await using var slow = await Tunables.BandwidthAsync(cluster, "32Mi");
        var migration = await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None);
        await guest.UntilAsync(migration.Name(), static m => m.Text("status", "phase") == MigrationPhases.Running);

        var from = TimeProvider.System.GetUtcNow();
        await using (await Stopped.Async(cluster.State.ReadProcess("cluster").ShouldNotBeNull().Pid))
        {
            await Task.Delay(Outage, TimeProvider.System, CancellationToken.None);
        }

        var end = await guest.EndOfAsync(migration.Name());
        end.Succeeded.ShouldBeTrue(end.Failure);
        (await guest.NodeAsync()).ShouldBe(cluster.Other(home));
        await guest.ShouldBeUnhurtAsync();
        guest.Console.LargestGap(from, TimeProvider.System.GetUtcNow()).ShouldBeLessThan(TimeSpan.FromMilliseconds(900));
        (await cluster.KubectlAsync(["get", "events", "-n", "e2e-silent", "--field-selector", $"reason={EventReasons.MigrationDecision}"])).Ok()
            .ShouldContain("HoldSwitch: the API server has not answered");
        await guest.UntilOnePodAsync();
    }
}
