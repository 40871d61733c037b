using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtController;

/// <summary>Two migrations to one node that takes one at a time.</summary>
public sealed class InboundLimitTests(ControllerFixture cluster) : IClassFixture<ControllerFixture>
{
    [Fact]
    public async Task The_second_to_arrive_avoids_the_node_and_if_it_is_put_there_waits_until_the_first_has_arrived()
    {
        await cluster.Api.PatchAsync(
            Kinds.KubeVirt,
            new NamespacedName(Installation.Namespace, Installation.KubeVirtName),
            PatchKind.Merge,
            JsonNode.Parse("""{"spec":{"configuration":{"migrations":{"parallelInboundMigrationsPerNode":1}}}}""")!,
            ct: TestContext.Current.CancellationToken);
        var (one, first) = await MoveAsync("one");
        var firstPod = await TargetAsync(one, first);
        await cluster.RunPodAsync(firstPod, "node02");
        await cluster.MigrationAsync(first.Metadata.Name!, MigrationPhases.PreparingTarget);

        var (two, second) = await MoveAsync("two");
        var secondPod = await TargetAsync(two, second);
        JsonSerializer.Serialize(secondPod, TypesJson.Default.Pod)
            .ShouldContain("""{"key":"metadata.name","operator":"NotIn","values":["node02"]}""");
        await cluster.RunPodAsync(secondPod, "node02");
        var held = await cluster.MigrationAsync(
            second.Metadata.Name!,
            static migration => migration.Status is { Phase: MigrationPhases.Scheduled } status && status.Conditions.IsTrue(Conditions.MigrationWaiting));
        held.Status!.Conditions.Find(Conditions.MigrationWaiting)!.Message.ShouldBe("as many migrations as may arrive at node node02: 1");

        await cluster.PatchVmiAsync("one", $$$$"""
            {"metadata":{"labels":{"kubevirt.io/nodeName":"node02","kubevirt.io/migrationTargetNodeName":null}},
             "status":{"nodeName":"node02","ownerPodUID":"{{{{firstPod.Metadata.Uid}}}}",
              "migrationState":{"targetNodeAddress":"10.0.0.2","startTimestamp":"2026-03-22T10:00:00Z","completed":true,"endTimestamp":"2026-03-22T10:00:02Z"}}}
            """);
        await cluster.MigrationAsync(second.Metadata.Name!, MigrationPhases.PreparingTarget);
    }

    private async Task<(VirtualMachineInstance Vmi, VirtualMachineInstanceMigration Migration)> MoveAsync(string name) =>
        (await cluster.RunVmiAsync(name), await cluster.CreateMigrationAsync(name));

    private Task<Pod> TargetAsync(VirtualMachineInstance vmi, VirtualMachineInstanceMigration migration) =>
        cluster.PodAsync(vmi, pod => pod.Metadata.Label(Labels.MigrationJobUid) == migration.Metadata.Uid);
}
