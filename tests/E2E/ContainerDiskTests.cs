using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Tests.E2E.Document;
using Godwit.Tests.E2E.Support;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Tests.E2E;

/// <summary>Disks and kernels out of images on a cluster that cannot mount images as volumes.</summary>
[Collection<FirstSide>]
public sealed class ContainerDiskTests(ClusterFixture cluster)
{
    private const string Where = "e2e-sidecars";
    private const string Gate = "disabledFeatureGates";

    [Fact]
    public async Task A_guest_whose_kernel_and_disk_come_by_sidecars_boots_moves_and_leaves_nothing_behind()
    {
        cluster.RequireOwn();
        var before = cluster.Leftovers();
        await DisableImageVolumesAsync(new JsonArray(FeatureGates.ImageVolume));
        try
        {
            await using var guest = await Guest.StartAsync(cluster, Where, change: DiskFromImage);
            var source = (await PodsAsync()).Single();
            Images(source).ShouldBeEmpty();
            Sidecars(source, "initContainerStatuses").Select(static s => s.Text("name")).ShouldBe(["kernel-boot-volume", "volumescratch"]);

            // The agent of the target begins anew: it finds the containers again by itself.
            var away = cluster.Other(await guest.NodeAsync());
            var handler = cluster.State.ReadProcess($"handler-{away}").ShouldNotBeNull();
            (await Tool.RunAsync("/bin/kill", ["-9", handler.Pid.ToString()], TimeSpan.FromSeconds(5))).Ok();
            (await guest.MoveAsync()).ShouldHaveSucceeded();
            await guest.ShouldBeUnhurtAsync();

            // The source's pod has ended though its sidecars would run for ever: they were told to end, and did.
            await guest.UntilOnePodAsync();
            var ended = (await PodsAsync()).Single(p => p.Name() == source.Name());
            ended.Text("status", "phase").ShouldBeOneOf(PodPhases.Succeeded, PodPhases.Failed);
            Sidecars(ended, "initContainerStatuses").Select(static s => s.Integer("state", "terminated", "exitCode")).ShouldBe([0, 0]);

            // And home again, where the source's leftovers are.
            (await guest.MoveAsync()).ShouldHaveSucceeded();
            await guest.ShouldBeUnhurtAsync();
        }
        finally
        {
            await DisableImageVolumesAsync(null);
        }

        await cluster.UntilAsBeforeAsync(before, static left => left.Contains("handler", StringComparison.Ordinal));
    }

    private static void DiskFromImage(JsonObject vmi) => vmi.Ensure("spec")["volumes"] = new JsonArray(new JsonObject
    {
        ["name"] = "scratch",
        ["containerDisk"] = new JsonObject { ["image"] = "godwit/demo-guest:1" },
    });

    private static IEnumerable<JsonNode?> Images(JsonObject pod) => pod.At("spec", "volumes")!.AsArray().Where(static v => v.At("image") is not null);

    private static IEnumerable<JsonNode?> Sidecars(JsonObject pod, string list) =>
        pod.At("status", list)!.AsArray().Where(static s => s.Text("name") != "container-disk-binary");

    private async Task<IReadOnlyList<JsonObject>> PodsAsync() => (await cluster.Api.ListAsync(Kinds.Pod, Where)).Items;

    private Task<JsonObject> DisableImageVolumesAsync(JsonNode? gates) => cluster.Api.PatchAsync(
        Kinds.KubeVirt,
        new(Installation.Namespace, Installation.KubeVirtName),
        PatchKind.Merge,
        new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["configuration"] = new JsonObject { ["developerConfiguration"] = new JsonObject { [Gate] = gates } },
            },
        });
}
