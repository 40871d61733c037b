using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Document;

/// <summary>The settings of the document's table about how many migrations there are at once.</summary>
public sealed class ParallelMigrationsTests(ClusterFixture cluster, ThreeGuests guests) : IClassFixture<ThreeGuests>
{
    private static readonly string[] Active =
        [MigrationPhases.Scheduling, MigrationPhases.Scheduled, MigrationPhases.PreparingTarget, MigrationPhases.TargetReady, MigrationPhases.Running];

    [Theory]
    [InlineData(5, 2, 2)]
    [InlineData(1, 2, 1)]
    public async Task So_many_migrations_happen_at_the_same_time_and_so_many_outbound_for_a_particular_node(int perCluster, int perNode, int most)
    {
        cluster.Require();
        await using var config = await KubeVirtConfig.MigrationsAsync(cluster, $"parallelMigrationsPerCluster: {perCluster}", $"parallelOutboundMigrationsPerNode: {perNode}");
        (await cluster.KubectlAsync(["delete", "vmim", "--all", "-n", ThreeGuests.Namespace])).Ok();
        var migrations = new List<string>();
        var list = await cluster.Api.ListAsync(Kinds.VirtualMachineInstanceMigration, ThreeGuests.Namespace, ct: TestContext.Current.CancellationToken);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var watching = MostAtOnceAsync(list.ResourceVersion, deadline.Token);
        foreach (var guest in guests.All)
        {
            migrations.Add((await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None)).Name());
        }

        (await watching).ShouldBe(most);

        foreach (var (guest, migration) in guests.All.Zip(migrations))
        {
            (await guest.EndOfAsync(migration)).ShouldHaveSucceeded();
            var used = (await guest.ReadAsync()).At("status", "migrationState", "migrationConfiguration");
            used.Integer("parallelMigrationsPerCluster").ShouldBe(perCluster);
            used.Integer("parallelOutboundMigrationsPerNode").ShouldBe(perNode);
            await guest.ShouldBeUnhurtAsync();
        }
    }

    /// <summary>The highest number of migrations under way that was seen until all guests had moved.</summary>
    private async Task<int> MostAtOnceAsync(string from, CancellationToken ct)
    {
        var phases = new Dictionary<string, string>(StringComparer.Ordinal);
        var most = 0;
        await foreach (var change in cluster.Api.WatchAsync(
            Kinds.VirtualMachineInstanceMigration, ThreeGuests.Namespace, new() { ResourceVersion = from }, ct))
        {
            if (change.Type is WatchEventType.Bookmark)
            {
                continue;
            }

            phases[change.Object.Name()] = change.Object.Text("status", "phase") ?? "";
            most = Math.Max(most, phases.Values.Count(Active.Contains));
            if (phases.Values.Count(static p => p is MigrationPhases.Succeeded or MigrationPhases.Failed) == guests.All.Count)
            {
                break;
            }
        }

        return most;
    }
}
