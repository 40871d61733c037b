using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>Any process of ours may die at any instant; the guest does not notice.</summary>
[Collection<SecondSide>]
public sealed class KillTests(ClusterFixture cluster)
{
    [Theory]
    [InlineData("cluster")]
    [InlineData("controller")]
    [InlineData("source")]
    [InlineData("target")]
    public async Task A_killed_process_comes_back_and_the_migration_ends_cleanly(string which)
    {
        cluster.RequireOwn();
        await using var guest = await Guest.StartAsync(cluster, $"e2e-kill-{which}");
        var home = await guest.NodeAsync();
        var away = cluster.Other(home);
        var process = which switch { "source" => $"handler-{home}", "target" => $"handler-{away}", _ => which };

        // Slow enough to be hit in the middle, and still faster than the guest writes.
        await using (await Tunables.BandwidthAsync(cluster, "32Mi"))
        {
            var migration = await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None);
            await guest.UntilAsync(migration.Name(), static m => m.Text("status", "phase") == MigrationPhases.Running);
            var before = cluster.State.ReadProcess(process).ShouldNotBeNull();
            (await Tool.RunAsync("/bin/kill", ["-9", before.Pid.ToString()], TimeSpan.FromSeconds(5))).Ok();

            var end = await guest.EndOfAsync(migration.Name(), TimeSpan.FromMinutes(3));
            var after = cluster.State.ReadProcess(process).ShouldNotBeNull();
            after.Pid.ShouldNotBe(before.Pid, "the supervisor did not start it again");
            (await guest.NodeAsync()).ShouldBe(end.Succeeded ? away : home);
        }

        await guest.ShouldBeUnhurtAsync();
        await guest.UntilOnePodAsync();
    }
}
