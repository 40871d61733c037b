using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtController;

/// <summary>virt-controller against a real API server; the test plays scheduler, kubelet and the agents of two nodes.</summary>
public sealed class VirtControllerTests(ControllerFixture cluster) : IClassFixture<ControllerFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_VMI_gets_a_pod_is_handed_to_its_node_and_goes_with_its_deletion()
    {
        var vmi = await cluster.RunVmiAsync("alive");
        vmi.Status!.NodeName.ShouldBe("node01");
        vmi.Status.OwnerPodUID.ShouldNotBeNullOrEmpty();
        vmi.Status.ActivePods![vmi.Status.OwnerPodUID!].ShouldBe("node01");
        vmi.Status.PhaseTransitionTimestamps!.Select(transition => transition.Phase)
            .ShouldBe(["Pending", "Scheduling", "Scheduled"]);

        await cluster.Api.DeleteAsync(Kinds.VirtualMachineInstance, vmi.Key(), ct: Stop);
        var pod = await cluster.PodAsync(vmi, one => one.IsDeleting());
        await cluster.Api.DeleteAsync(Kinds.Pod, pod.Key(), new DeleteOptions { GracePeriodSeconds = 0 }, Stop);
        await cluster.GoneAsync(Kinds.VirtualMachineInstance, "alive");
    }

    [Fact]
    public async Task A_migration_goes_through_all_its_phases()
    {
        var vmi = await cluster.RunVmiAsync("mover");
        var migration = await cluster.CreateMigrationAsync("mover");
        var target = await TargetAsync(vmi, migration);
        await cluster.RunPodAsync(target, "node02");
        await cluster.MigrationAsync(migration.Metadata.Name!, MigrationPhases.PreparingTarget);
        var handed = await cluster.VmiAsync("mover", one => one.Status?.MigrationState is not null);
        handed.Metadata.Label(Labels.MigrationTargetNodeName).ShouldBe("node02");
        handed.Status!.MigrationState!.TargetPodUID.ShouldBe(target.Metadata.Uid);
        var secret = await cluster.Api.GetAsync(Kinds.Secret, SecretOf(migration), TypesJson.Default.Secret, ct: Stop);
        secret.Data!.Keys.Order(StringComparer.Ordinal)
            .ShouldBe(["ca.crt", "source.crt", "source.key", "target.crt", "target.key"]);

        await cluster.PatchVmiAsync("mover", """{"status":{"migrationState":{"targetNodeAddress":"10.0.0.2"}}}""");
        await cluster.MigrationAsync(migration.Metadata.Name!, MigrationPhases.TargetReady);
        await cluster.PatchVmiAsync(
            "mover",
            """{"status":{"migrationState":{"startTimestamp":"2026-03-22T10:00:00Z","transfer":{"percent":42,"rateBytesPerSecond":123731968}}}}""");
        var running = await cluster.MigrationAsync(
            migration.Metadata.Name!, one => one.Status is { Phase: MigrationPhases.Running, Summary.Progress: "42%" });
        running.Status!.Summary!.Rate.ShouldBe("118 MiB/s");
        await cluster.PatchVmiAsync("mover", $$$$"""
            {"metadata":{"labels":{"kubevirt.io/nodeName":"node02","kubevirt.io/migrationTargetNodeName":null}},
             "status":{"nodeName":"node02","ownerPodUID":"{{{{target.Metadata.Uid}}}}",
              "migrationState":{"completed":true,"endTimestamp":"2026-03-22T10:00:02Z","pauseMs":34.2}}}
            """);
        var done = await cluster.MigrationAsync(
            migration.Metadata.Name!, one => one is { Status.Phase: MigrationPhases.Succeeded, Metadata.Finalizers: null or { Count: 0 } });
        done.Status!.Summary!.Pause.ShouldBe("34ms");
        done.Status.MigrationState!.Completed.ShouldBe(true);
        done.Status.PhaseTransitionTimestamps!.Select(transition => transition.Phase).ShouldBe(
            ["Pending", "Scheduling", "Scheduled", "PreparingTarget", "TargetReady", "Running", "Succeeded"]);
        (await cluster.Api.TryGetAsync(Kinds.Secret, SecretOf(migration), Stop)).ShouldBeNull();
    }

    [Fact]
    public async Task A_cancel_before_the_hand_off_removes_pod_and_migration_and_touches_nothing_else()
    {
        var vmi = await cluster.RunVmiAsync("early");
        var migration = await cluster.CreateMigrationAsync("early");
        var target = await TargetAsync(vmi, migration);
        await cluster.MigrationAsync(migration.Metadata.Name!, MigrationPhases.Scheduling);
        await cluster.Api.DeleteAsync(Kinds.VirtualMachineInstanceMigration, migration.Key(), ct: Stop);
        await cluster.GoneAsync(Kinds.Pod, target.Metadata.Name!);
        await cluster.GoneAsync(Kinds.VirtualMachineInstanceMigration, migration.Metadata.Name!);
        var after = await cluster.VmiAsync("early", static _ => true);
        after.Status!.MigrationState.ShouldBeNull();
        after.Status.Phase.ShouldBe("Running");
    }

    [Fact]
    public async Task A_cancel_while_it_runs_is_put_to_the_agents_and_ends_with_nothing_left()
    {
        var vmi = await cluster.RunVmiAsync("late");
        var migration = await cluster.CreateMigrationAsync("late");
        var target = await TargetAsync(vmi, migration);
        await cluster.RunPodAsync(target, "node02");
        await cluster.MigrationAsync(migration.Metadata.Name!, MigrationPhases.PreparingTarget);
        await cluster.PatchVmiAsync(
            "late", """{"status":{"migrationState":{"targetNodeAddress":"10.0.0.2","startTimestamp":"2026-03-22T10:00:00Z"}}}""");
        await cluster.MigrationAsync(migration.Metadata.Name!, MigrationPhases.Running);
        await cluster.Api.DeleteAsync(Kinds.VirtualMachineInstanceMigration, migration.Key(), ct: Stop);
        await cluster.VmiAsync("late", one => one.Status?.MigrationState?.AbortRequested == true);
        await cluster.PatchVmiAsync("late", """
            {"status":{"migrationState":{"abortStatus":"Succeeded","failed":true,"completed":true,
             "endTimestamp":"2026-03-22T10:00:02Z","failureReason":"Live migration has been aborted"}}}
            """);
        var pod = await cluster.PodAsync(vmi, one => one.Metadata.Uid == target.Metadata.Uid && one.IsDeleting());
        await cluster.Api.DeleteAsync(Kinds.Pod, pod.Key(), new DeleteOptions { GracePeriodSeconds = 0 }, Stop);
        await cluster.GoneAsync(Kinds.VirtualMachineInstanceMigration, migration.Metadata.Name!);
        var after = await cluster.VmiAsync(
            "late", one => one.Metadata.Label(Labels.MigrationTargetNodeName) is null);
        after.Status!.MigrationState!.AbortStatus.ShouldBe("Succeeded");
        after.Status.NodeName.ShouldBe("node01");
    }

    [Fact]
    public async Task A_target_pod_that_dies_fails_the_migration_and_the_guest_stays()
    {
        var vmi = await cluster.RunVmiAsync("stays");
        var migration = await cluster.CreateMigrationAsync("stays");
        var target = await TargetAsync(vmi, migration);
        await cluster.RunPodAsync(target, "node02");
        await cluster.MigrationAsync(migration.Metadata.Name!, MigrationPhases.PreparingTarget);
        await cluster.PatchPodAsync(target, """{"status":{"phase":"Failed"}}""");
        await cluster.MigrationAsync(migration.Metadata.Name!, MigrationPhases.Failed);
        var after = await cluster.VmiAsync("stays", one => one.Status?.MigrationState?.Failed == true);
        after.Status!.MigrationState!.FailureReason.ShouldBe("Target pod is down");
        after.Status.OwnerPodUID.ShouldBe(vmi.Status!.OwnerPodUID);
        after.Status.Phase.ShouldBe("Running");
    }

    [Fact]
    public async Task An_installation_without_virt_api_is_not_reported_as_deployed_and_says_what_is_missing()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await foreach (var item in cluster.Api.WatchAsync(
            Kinds.KubeVirt, Installation.Namespace, TypesJson.Default.KubeVirt, new WatchOptions(), deadline.Token))
        {
            if (item.Object?.Status is { } status && status.Conditions.IsTrue(Conditions.Created))
            {
                status.Phase.ShouldBe(KubeVirtPhases.Deploying);
                var available = status.Conditions.Find(Conditions.Available)!;
                (available.Status, available.Reason).ShouldBe((Conditions.False, "DeploymentInProgress"));
                available.Message!.ShouldContain("no APIService names virt-api");
                return;
            }
        }

        Assert.Fail("the installation was not reported within 20 s");
    }

    private Task<Pod> TargetAsync(VirtualMachineInstance vmi, VirtualMachineInstanceMigration migration) =>
        cluster.PodAsync(vmi, pod => pod.Metadata.Label(Labels.MigrationJobUid) == migration.Metadata.Uid);

    private static NamespacedName SecretOf(VirtualMachineInstanceMigration migration) =>
        new(Installation.Namespace, Launcher.MigrationSecretName(migration.Metadata.Uid!));
}
