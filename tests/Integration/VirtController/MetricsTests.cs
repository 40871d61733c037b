using System.Net;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtController;

/// <summary>What virt-controller tells while it works.</summary>
public sealed class MetricsTests(ControllerFixture cluster) : IClassFixture<ControllerFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_VMI_and_its_migration_are_told_and_end_with_their_objects()
    {
        using var scrape = new Scrape(await cluster.MetricsAsync());
        var vmi = await cluster.RunVmiAsync("told");
        var move = await cluster.CreateMigrationAsync("told");
        await scrape.UntilAsync(
            text => text.Contains("kubevirt_vmi_info{node=\"node01\",namespace=\"default\",name=\"told\",phase=\"running\"", StringComparison.Ordinal)
                && text.Contains("kubevirt_vmi_migrations_in_scheduling_phase 1\n", StringComparison.Ordinal)
                && text.Contains("kubevirt_virt_controller_leading_status 1\n", StringComparison.Ordinal)
                && text.Contains("kubevirt_workqueue_adds_total{name=\"migration\"}", StringComparison.Ordinal)
                && text.Contains("resource=\"virtualmachineinstances\",verb=\"PATCH\"", StringComparison.Ordinal)
                && text.Contains("godwit_info{version=\"0.1.0\"} 1", StringComparison.Ordinal),
            Ct);
        (await scrape.GetAsync("readyz", Ct)).ShouldBe((HttpStatusCode.OK, "ok"));
        (await scrape.GetAsync("healthz", Ct)).ShouldBe((HttpStatusCode.OK, "ok"));
        // No virt-api is here, so it shows a certificate of its own.
        scrape.Certificate!.Issuer.ShouldBe("CN=virt-controller itself");

        await cluster.PatchVmiAsync("told", """{"status":{"migrationState":{"migrationUid":"earlier","pauseMs":120,"startTimestamp":"2026-03-22T10:00:00Z"}}}""");
        await scrape.UntilAsync(
            static text => text.Contains("godwit_migration_pause_seconds_bucket{le=\"0.2\"} 1\n", StringComparison.Ordinal)
                && text.Contains("kubevirt_vmi_migration_start_time_seconds{node=\"node01\",namespace=\"default\",name=\"told\"} 1774173600\n", StringComparison.Ordinal),
            Ct);

        await cluster.Api.DeleteAsync(Kinds.VirtualMachineInstance, vmi.Key(), ct: Ct);
        foreach (var pod in (await cluster.Api.ListAsync(Kinds.Pod, "default", ct: Ct)).Items)
        {
            _ = await cluster.Api.TryDeleteAsync(Kinds.Pod, pod.Key(), new DeleteOptions { GracePeriodSeconds = 0 }, Ct);
        }

        await cluster.GoneAsync(Kinds.VirtualMachineInstance, "told");
        await cluster.Api.DeleteAsync(Kinds.VirtualMachineInstanceMigration, move.Key(), ct: Ct);
        await scrape.UntilAsync(static text => !text.Contains("told", StringComparison.Ordinal), Ct);
    }
}
