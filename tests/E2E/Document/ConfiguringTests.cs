using System.Text.Json.Nodes;
using Godwit.Cli.Api;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Document;

/// <summary>The document's table of settings, for one migration: each is seen in the status, and does what the table says.</summary>
[Collection<FirstSide>]
public sealed class ConfiguringTests(ClusterFixture cluster, DocumentGuest<ConfiguringTests> document) : IClassFixture<DocumentGuest<ConfiguringTests>>
{
    [Fact]
    public async Task If_we_want_to_alter_the_defaults_we_can_further_edit_the_kubevirt_config()
    {
        cluster.Require();
        await using var config = await KubeVirtConfig.ExampleAsync(cluster, "kubevirt-config.yaml");
        (await document.MigrateAsync()).ShouldHaveSucceeded();

        var shown = (await document.ShownAsync()).At("migrationState", "migrationConfiguration");
        shown.Integer("parallelMigrationsPerCluster").ShouldBe(5);
        shown.Integer("parallelOutboundMigrationsPerNode").ShouldBe(2);
        shown.Text("bandwidthPerMigration").ShouldBe("64Mi");
        shown.Integer("completionTimeoutPerGiB").ShouldBe(800);
        shown.Integer("progressTimeout").ShouldBe(150);
    }

    [Fact]
    public void A_new_cluster_has_the_kubevirt_config_as_the_document_shows_it()
    {
        cluster.RequireOwn();
        var shown = Yaml.ParseObjects(File.ReadAllText(Path.Combine(ClusterFixture.Root, "examples", "kubevirt-config.yaml"))).Single();
        JsonNode.DeepEquals(cluster.WrittenConfiguration["data"], shown["data"]).ShouldBeTrue(cluster.WrittenConfiguration.ToJsonString());
        JsonNode.DeepEquals(cluster.WrittenConfiguration.At("metadata", "labels"), shown.At("metadata", "labels")).ShouldBeTrue();
    }

    [Fact]
    public async Task What_the_kubevirt_config_leaves_out_is_as_the_documents_table_has_it()
    {
        cluster.Require();
        await using var config = await KubeVirtConfig.GatesAsync(cluster, "LiveMigration");
        (await document.MigrateAsync()).ShouldHaveSucceeded();

        var shown = (await document.ShownAsync()).At("migrationState", "migrationConfiguration");
        shown.Text("bandwidthPerMigration").ShouldBe("64Mi");
        shown.Integer("completionTimeoutPerGiB").ShouldBe(800);
        shown.Integer("progressTimeout").ShouldBe(150);
    }

    [Fact]
    public async Task BandwidthPerMigration_is_what_the_migration_is_limited_to_in_order_to_not_affect_other_systems()
    {
        cluster.Require();
        const long Limit = 16 << 20;
        (await document.MigrateAsync()).ShouldHaveSucceeded();
        var free = await RateAsync();
        await using var config = await KubeVirtConfig.MigrationsAsync(cluster, "bandwidthPerMigration: 16Mi");
        (await document.MigrateAsync()).ShouldHaveSucceeded();

        var limited = await RateAsync();
        limited.ShouldBeInRange(Limit / 3, Limit * 5 / 4);
        free.ShouldBeGreaterThan(limited);
        await document.Guest.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task CompletionTimeoutPerGiB_is_the_time_for_a_GiB_of_data_to_wait_to_be_completed_before_aborting_the_migration()
    {
        cluster.Require();
        var before = await document.Guest.NodeAsync();
        await using var config = await KubeVirtConfig.MigrationsAsync(cluster, "bandwidthPerMigration: 4Mi", "completionTimeoutPerGiB: 3");

        var end = await document.MigrateAsync();

        end.Succeeded.ShouldBeFalse();
        end.Failure.ShouldNotBeNull().ShouldMatch("^Live migration is not completed after [3-9] sec and has been aborted");
        (await document.ShownAsync()).Integer("migrationState", "migrationConfiguration", "completionTimeoutPerGiB").ShouldBe(3);
        await ShouldBeAtAsync(before);
    }

    [Fact]
    public async Task ProgressTimeout_is_the_time_to_wait_for_live_migration_to_progress_in_transferring_data()
    {
        cluster.RequireNodesHere();
        var before = await document.Guest.NodeAsync();
        await using var config = await KubeVirtConfig.MigrationsAsync(cluster, "bandwidthPerMigration: 8Mi", "progressTimeout: 3");
        await document.BeginAsync();
        var target = (await document.ShownAsync()).Text("migrationState", "targetPodUID")!;
        MigrationFacts end;
        await using (await Frozen.QemuAsync(target))
        {
            end = await document.EndAsync();
        }

        end.Succeeded.ShouldBeFalse();
        end.Failure.ShouldNotBeNull().ShouldMatch("^Live migration stuck for [3-9] sec and has been aborted");
        (await document.ShownAsync()).Integer("migrationState", "migrationConfiguration", "progressTimeout").ShouldBe(3);
        await ShouldBeAtAsync(before);
    }

    /// <summary>Bytes of memory a second from the beginning to the moment when the guest stood still; disks have the same limit for themselves.</summary>
    private async Task<double> RateAsync()
    {
        var state = (await document.ShownAsync()).At("migrationState");
        var time = At(state, "pauseTimestamp") - At(state, "startTimestamp");
        var transfer = state.At("transfer");
        var disk = transfer.Integer("diskTotalBytes") - transfer.Integer("diskRemainingBytes");
        return (transfer.Integer("transferredBytes") - disk)!.Value / time.TotalSeconds;
    }

    private static DateTimeOffset At(JsonNode? state, string field) =>
        DateTimeOffset.Parse(state.Text(field)!, System.Globalization.CultureInfo.InvariantCulture);

    private async Task ShouldBeAtAsync(string node)
    {
        (await document.Guest.NodeAsync()).ShouldBe(node);
        await document.Guest.ShouldBeUnhurtAsync();
    }
}
