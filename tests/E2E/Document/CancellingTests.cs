using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Tests.E2E.Support;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E.Document;

/// <summary>The document's chapter on cancelling: delete the VMIM, and what the VMI's status reports then.</summary>
[Collection<FirstSide>]
public sealed class CancellingTests(ClusterFixture cluster, DocumentGuest<CancellingTests> document) : IClassFixture<DocumentGuest<CancellingTests>>
{
    [Fact]
    public async Task If_we_want_to_abort_the_live_migration_we_just_delete_the_object_and_the_status_reports_additional_information()
    {
        cluster.Require();
        var before = await document.Guest.NodeAsync();
        JsonNode state;
        string uid;
        await using (await KubeVirtConfig.MigrationsAsync(cluster, "bandwidthPerMigration: 4Mi", "completionTimeoutPerGiB: 800", "progressTimeout: 150"))
        {
            await document.BeginAsync();
            uid = (await document.ShownAsync()).Text("migrationState", "migrationUid")!;
            await document.CancelAsync();
            state = (await document.ShownAsync()).At("migrationState")!;
        }

        state.Flag("abortRequested").ShouldBe(true);
        state.Text("abortStatus").ShouldBe("Succeeded");
        // The fields of any migration report as completed, because there is no running migration, and failed set to true.
        state.Flag("completed").ShouldBe(true);
        state.Flag("failed").ShouldBe(true);
        state.Integer("migrationConfiguration", "completionTimeoutPerGiB").ShouldBe(800);
        state.Integer("migrationConfiguration", "progressTimeout").ShouldBe(150);
        state.Text("migrationUid").ShouldBe(uid);
        Guid.TryParse(uid, out _).ShouldBeTrue();
        state.Text("sourceNode").ShouldBe(before);
        state.Text("targetNode").ShouldNotBe(before);
        state.Text("targetPod").ShouldNotBeNull().ShouldStartWith("virt-launcher-vmi-fedora-");
        System.Net.IPAddress.TryParse(state.Text("targetNodeAddress"), out _).ShouldBeTrue();
        state.Flag("targetNodeDomainDetected").ShouldBe(true);
        Time(state, "endTimestamp").ShouldBeGreaterThanOrEqualTo(Time(state, "startTimestamp"));
        // Port to role: the memory's and the disks'.
        state.At("targetDirectMigrationNodePorts").ShouldBeOfType<JsonObject>()
            .Select(static p => p.Value?.ToString()).ShouldBe(["49152", "49153"], ignoreOrder: true);
        await ShouldHaveStayedAsync(before);
        (await document.MigrateAsync()).ShouldHaveSucceeded();
        await document.Guest.ShouldBeUnhurtAsync();
    }

    [Fact]
    public async Task The_abort_is_also_told_by_describe_in_the_words_of_the_document()
    {
        cluster.Require();
        var before = await document.Guest.NodeAsync();
        await using var config = await KubeVirtConfig.MigrationsAsync(cluster, "bandwidthPerMigration: 4Mi");
        await document.BeginAsync();
        await document.CancelAsync();

        var name = document.Guest.Name;
        var described = (await cluster.KubectlAsync(["describe", "vmi", name.Name, "-n", name.Namespace])).Ok();
        foreach (var line in (string[])["Abort Requested: +true", "Abort Status: +Succeeded", "Completed: +true", "Failed: +true", "Target Node Domain Detected: +true"])
        {
            described.ShouldMatch($" {line}\n");
        }

        await ShouldHaveStayedAsync(before);
    }

    private static DateTimeOffset Time(JsonNode state, string field) =>
        DateTimeOffset.Parse(state.Text(field)!, System.Globalization.CultureInfo.InvariantCulture);

    private async Task ShouldHaveStayedAsync(string node)
    {
        (await document.Guest.NodeAsync()).ShouldBe(node);
        await document.Guest.ShouldBeUnhurtAsync();
        await document.Guest.UntilOnePodAsync();
    }
}
