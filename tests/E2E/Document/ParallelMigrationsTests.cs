using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Document;

/// <summary>The settings of the document's table about how many migrations there are at once.</summary>
[Collection<FirstSide>]
public sealed class ParallelMigrationsTests(ClusterFixture cluster, FourGuests guests) : IClassFixture<FourGuests>
{
    [Theory]
    [InlineData(5, 2, 2)]
    [InlineData(1, 2, 1)]
    public async Task So_many_migrations_happen_at_the_same_time_and_so_many_outbound_for_a_particular_node(int perCluster, int perNode, int most)
    {
        cluster.Require();
        await using var config = await KubeVirtConfig.MigrationsAsync(cluster, $"parallelMigrationsPerCluster: {perCluster}", $"parallelOutboundMigrationsPerNode: {perNode}");
        using var watch = await AtOnce.WatchAsync(cluster, FourGuests.Namespace, guests.All.Count);
        var migrations = new List<string>();
        foreach (var guest in guests.All)
        {
            migrations.Add((await MigrationRequest.CreateAsync(cluster.Api, guest.Name, node: null, CancellationToken.None)).Name());
        }

        (await watch.Most).ShouldBe(most);

        foreach (var (guest, migration) in guests.All.Zip(migrations))
        {
            (await guest.EndOfAsync(migration)).ShouldHaveSucceeded();
            var used = (await guest.ReadAsync()).At("status", "migrationState", "migrationConfiguration");
            used.Integer("parallelMigrationsPerCluster").ShouldBe(perCluster);
            used.Integer("parallelOutboundMigrationsPerNode").ShouldBe(perNode);
            await guest.ShouldBeUnhurtAsync();
        }
    }
}
