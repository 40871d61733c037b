using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Document;

/// <summary>The document's chapter on what can go wrong: guests whose activity is not compatible with the throughput.</summary>
[Collection<FirstSide>]
public sealed class WhatCanGoWrongTests(ClusterFixture cluster, BusyGuest busy) : IClassFixture<BusyGuest>
{
    [Fact]
    public async Task Data_that_is_changed_faster_than_it_is_migrated_does_not_converge_and_some_values_can_be_adjusted_to_allow_it_to_succeed()
    {
        cluster.Require();
        var before = await busy.Guest.NodeAsync();
        await using (await KubeVirtConfig.MigrationsAsync(cluster, "bandwidthPerMigration: 16Mi", "completionTimeoutPerGiB: 12"))
        {
            var failed = await busy.Guest.MoveAsync();
            failed.Succeeded.ShouldBeFalse();
            failed.Failure.ShouldNotBeNull().ShouldStartWith("Live migration is not completed after ");
        }

        var state = (await busy.Guest.ReadAsync()).At("status", "migrationState");
        state.Integer("transfer", "pass").ShouldNotBeNull().ShouldBeGreaterThan(1, "memory was sent again because it had changed");
        (await busy.Guest.NodeAsync()).ShouldBe(before);
        await busy.Guest.ShouldBeUnhurtAsync();
        await busy.Guest.UntilOnePodAsync();

        await using (await KubeVirtConfig.MigrationsAsync(cluster, "bandwidthPerMigration: 512Mi", "completionTimeoutPerGiB: 60"))
        {
            (await busy.Guest.MoveAsync()).ShouldHaveSucceeded();
        }

        (await busy.Guest.NodeAsync()).ShouldNotBe(before);
        await busy.Guest.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task Storage_migration_might_also_consume_bandwidth()
    {
        cluster.Require();
        (await busy.Guest.MoveAsync()).ShouldHaveSucceeded();
        var vmi = await busy.Guest.ReadAsync();
        vmi.Text("status", "migrationMethod").ShouldBe(MigrationModes.BlockMigration);
        var transfer = vmi.At("status", "migrationState", "transfer");
        transfer.Integer("diskTotalBytes").ShouldNotBeNull().ShouldBeGreaterThan(0);
        transfer.Integer("totalBytes").ShouldNotBeNull().ShouldBeGreaterThan(transfer.Integer("diskTotalBytes")!.Value);
        await busy.Guest.ShouldBeUnhurtAsync();
    }
}
