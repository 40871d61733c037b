using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtController;

/// <summary>Pods that guests have left and that carry their old connections, against a real API server; the test plays agents and kubelet.</summary>
public sealed class ForwarderTests(ControllerFixture cluster) : IClassFixture<ControllerFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_guest_moves_on_and_back_while_its_old_pods_carry_connections_and_nothing_waits_for_them()
    {
        var vmi = await cluster.RunVmiAsync("kept");
        var first = await cluster.PodAsync(vmi, static _ => true);
        var (there, second) = await MoveAsync(vmi, "node02");
        await ForwardAsync(90);
        var forwarder = await cluster.PodAsync(vmi, one => one.Metadata.Uid == first.Metadata.Uid && one.IsDeleting());
        forwarder.Metadata.Label(Labels.Forwarder).ShouldBe(there.Metadata.Uid);
        forwarder.Metadata.DeletionGracePeriodSeconds!.Value.ShouldBe(120);
        await cluster.MigrationAsync(
            there.Metadata.Name!, static one => one.Status is { Phase: MigrationPhases.Succeeded, MigrationState.Forwarding: { State: MigrationForwarding.Forwarding, Flows: 3 } });

        // Back to where the first pod still is.
        var (back, third) = await MoveAsync(vmi, "node01");
        var excluded = third.Spec!.Affinity!.NodeAffinity!.RequiredDuringSchedulingIgnoredDuringExecution!.NodeSelectorTerms!.Single().MatchFields!.Single();
        excluded.Values.ShouldBe(["node02"]);
        await ForwardAsync(60);
        await cluster.PodAsync(vmi, one => one.Metadata.Uid == second.Metadata.Uid && one.IsDeleting() && one.Metadata.Label(Labels.Forwarder) == back.Metadata.Uid);

        await cluster.Api.DeleteAsync(Kinds.Pod, first.Key(), new DeleteOptions { GracePeriodSeconds = 0 }, Stop);
        var over = await cluster.MigrationAsync(there.Metadata.Name!, static one => one.Status?.MigrationState?.Forwarding?.State == MigrationForwarding.Ended);
        over.Status!.MigrationState!.Forwarding!.Reason!.ShouldContain($"pod {first.Metadata.Name} is gone");

        // The guest's own pod is waited for; the forwarder is hurried, and not.
        await cluster.Api.DeleteAsync(Kinds.VirtualMachineInstance, vmi.Key(), ct: Stop);
        await cluster.PodAsync(vmi, one => one.Metadata.Uid == second.Metadata.Uid && one.Metadata.DeletionGracePeriodSeconds < 60);
        await cluster.PodAsync(vmi, one => one.Metadata.Uid == third.Metadata.Uid && one.IsDeleting());
        await cluster.Api.DeleteAsync(Kinds.Pod, third.Key(), new DeleteOptions { GracePeriodSeconds = 0 }, Stop);
        await cluster.GoneAsync(Kinds.VirtualMachineInstance, "kept");
        await cluster.Api.DeleteAsync(Kinds.Pod, second.Key(), new DeleteOptions { GracePeriodSeconds = 0 }, Stop);
    }

    private Task ForwardAsync(int seconds)
    {
        var now = TimeProvider.System.GetUtcNow();
        return cluster.PatchVmiAsync("kept", $$$$$"""
            {"status":{"migrationState":{"forwarding":{"state":"Forwarding","flows":3,"since":"{{{{{Timestamps.Format(now)}}}}}","until":"{{{{{Timestamps.Format(now.AddSeconds(seconds))}}}}}"}}}}
            """);
    }

    /// <summary>A whole migration; the answer is its request, and the pod that the guest is in then.</summary>
    private async Task<(VirtualMachineInstanceMigration Migration, Pod Target)> MoveAsync(VirtualMachineInstance vmi, string node)
    {
        var migration = await cluster.CreateMigrationAsync("kept");
        var name = migration.Metadata.Name!;
        var target = await cluster.PodAsync(vmi, pod => pod.Metadata.Label(Labels.MigrationJobUid) == migration.Metadata.Uid);
        await cluster.RunPodAsync(target, node);
        await cluster.MigrationAsync(name, MigrationPhases.PreparingTarget);
        await cluster.VmiAsync("kept", one => one.Status?.MigrationState?.MigrationUid == migration.Metadata.Uid);
        await cluster.PatchVmiAsync("kept", """{"status":{"migrationState":{"targetNodeAddress":"10.0.0.2"}}}""");
        await cluster.MigrationAsync(name, MigrationPhases.TargetReady);
        await cluster.PatchVmiAsync("kept", """{"status":{"migrationState":{"startTimestamp":"2026-03-22T10:00:00Z","forwarding":{"state":"Prepared"}}}}""");
        await cluster.MigrationAsync(name, MigrationPhases.Running);
        await cluster.PatchVmiAsync("kept", $$$$"""
            {"metadata":{"labels":{"kubevirt.io/nodeName":"{{{{node}}}}","kubevirt.io/migrationTargetNodeName":null}},
             "status":{"nodeName":"{{{{node}}}}","ownerPodUID":"{{{{target.Metadata.Uid}}}}",
              "migrationState":{"completed":true,"endTimestamp":"{{{{Timestamps.Format(TimeProvider.System.GetUtcNow())}}}}"}}}
            """);
        return (await cluster.MigrationAsync(name, MigrationPhases.Succeeded), target);
    }
}
