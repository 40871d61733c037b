using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtController;

/// <summary>A marked VMI, from the mark to its end, as the API shows it.</summary>
public sealed class EvacuationTests(ControllerFixture cluster) : IClassFixture<ControllerFixture>, IAsyncLifetime
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Nobody plays the agents: what one test has begun must not stand in the way of the next.</summary>
    public async ValueTask InitializeAsync() => await cluster.Api.PatchAsync(
        Kinds.KubeVirt,
        new NamespacedName(Installation.Namespace, Installation.KubeVirtName),
        PatchKind.Merge,
        JsonNode.Parse("""{"spec":{"configuration":{"migrations":{"parallelOutboundMigrationsPerNode":20,"parallelMigrationsPerCluster":20}}}}""")!,
        ct: Stop);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_mark_brings_a_migration_and_shows_on_VMI_and_pod_until_it_is_taken_away()
    {
        var vmi = await cluster.RunVmiAsync("marked");
        await cluster.PatchVmiAsync("marked", """
            {"metadata":{"annotations":{"kubevirt.io/eviction-source":"descheduler"}},
             "spec":{"evictionStrategy":"LiveMigrate"},
             "status":{"evacuationNodeName":"node01","conditions":[{"type":"LiveMigratable","status":"True"}]}}
            """);
        await cluster.PodAsync(vmi, static pod => pod.Metadata.Annotation(Annotations.EvictionInProgress) == "true");
        await cluster.VmiAsync("marked", static one => one.Status!.Conditions.IsTrue(Conditions.EvictionRequested));
        var target = await cluster.PodAsync(vmi, static pod => pod.Metadata.Label(Labels.MigrationJobUid) is not null);
        target.Metadata.Annotation(Annotations.EvictionInProgress).ShouldBeNull();
        var migration = (await cluster.Api.ListAsync(
                Kinds.VirtualMachineInstanceMigration, "default", TypesJson.Default.VirtualMachineInstanceMigration, ct: Stop))
            .Items.Single(one => one.Spec!.VmiName == "marked");
        migration.Metadata.Name!.ShouldStartWith("kubevirt-evacuation-");
        migration.Metadata.Annotation(Annotations.EvacuationMigration).ShouldBe("node01");
        migration.Spec!.Priority.ShouldBe(MigrationPriorities.SystemMaintenance);

        await cluster.PatchVmiAsync("marked", """{"status":{"evacuationNodeName":null}}""");
        var free = await cluster.VmiAsync("marked", static one =>
            one.Status!.Conditions.Find(Conditions.EvictionRequested) is null && one.Metadata.Annotation(Annotations.EvictionSource) is null);
        free.Status!.NodeName.ShouldBe("node01");
        await cluster.PodAsync(vmi, static pod =>
            pod.Metadata.Label(Labels.MigrationJobUid) is null && pod.Metadata.Annotation(Annotations.EvictionInProgress) is null);
    }

    [Fact]
    public async Task An_evacuation_that_failed_is_made_again_after_a_wait_that_names_the_cause()
    {
        var vmi = await cluster.RunVmiAsync("unlucky");
        await cluster.PatchVmiAsync("unlucky", """
            {"spec":{"evictionStrategy":"LiveMigrate"},
             "status":{"evacuationNodeName":"node01","conditions":[{"type":"LiveMigratable","status":"True"}]}}
            """);
        var target = await cluster.PodAsync(vmi, static pod => pod.Metadata.Label(Labels.MigrationJobUid) is not null);
        await cluster.PatchPodAsync(target, """{"status":{"phase":"Failed"}}""");
        var next = await NextAsync("unlucky", target.Metadata.Label(Labels.MigrationJobUid)!);
        var waiting = await cluster.MigrationAsync(
            next, static one => one.Status?.Conditions.Find(Conditions.MigrationWaiting)?.Message?.Contains("comes at", StringComparison.Ordinal) == true);
        waiting.Status!.Conditions.Find(Conditions.MigrationWaiting)!.Message!.ShouldStartWith("the last attempt failed, as the target ended (");
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await foreach (var item in cluster.Api.WatchAsync(
            new ResourceKind("", "v1", "events", "Event", Namespaced: true), "default", new WatchOptions(), deadline.Token))
        {
            if (item.Object.Text("reason") == EventReasons.MigrationBackoff)
            {
                item.Object.Text("message")!.ShouldStartWith("backoff migrating vmi default/unlucky: the last attempt failed");
                item.Object.Text("involvedObject", "kind").ShouldBe("VirtualMachineInstance");
                break;
            }
        }

        await cluster.PodAsync(vmi, pod => pod.Metadata.Label(Labels.MigrationJobUid) == waiting.Metadata.Uid);
    }

    [Fact]
    public async Task A_marked_VMI_whose_last_move_has_left_a_pod_goes_when_that_pod_has_ended()
    {
        var pod = await cluster.PodAsync(await cluster.RunVmiAsync("restless"), static _ => true);
        var metadata = new ObjectMeta
        {
            Name = "virt-launcher-restless-left",
            Namespace = "default",
            Labels = pod.Metadata.Labels,
            OwnerReferences = pod.Metadata.OwnerReferences,
        };
        var left = await cluster.Api.CreateAsync(
            Kinds.Pod, "default", pod with { Metadata = metadata, Status = null }, TypesJson.Default.Pod, ct: Stop);
        await cluster.PatchPodAsync(left, """{"status":{"phase":"Running"}}""");
        await cluster.VmiAsync("restless", static one => one.Status!.ActivePods!.Count == 2);
        await cluster.PatchVmiAsync("restless", """
            {"spec":{"evictionStrategy":"LiveMigrate"},
             "status":{"evacuationNodeName":"node01","conditions":[{"type":"LiveMigratable","status":"True"}]}}
            """);
        await cluster.VmiAsync("restless", static one => one.Status!.Conditions.IsTrue(Conditions.EvictionRequested));
        await cluster.PatchPodAsync(left, """{"status":{"phase":"Succeeded"}}""");
        (await NextAsync("restless", after: "")).ShouldStartWith("kubevirt-evacuation-");
    }

    private async Task<string> NextAsync(string vmi, string after)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await foreach (var item in cluster.Api.WatchAsync(
            Kinds.VirtualMachineInstanceMigration, "default", TypesJson.Default.VirtualMachineInstanceMigration, new WatchOptions(), deadline.Token))
        {
            if (item.Object is { } found && found.Spec?.VmiName == vmi && found.Metadata.Uid != after)
            {
                return found.Metadata.Name!;
            }
        }

        throw new InvalidOperationException("the watch ended");
    }
}
