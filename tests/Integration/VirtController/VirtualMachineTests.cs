using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Shouldly;
using Xunit;

namespace Godwit.Integration.VirtController;

/// <summary>Virtual machines and replica sets against a real API server; the test plays kubelet and agent, and writes what subresources write.</summary>
public sealed class VirtualMachineTests(ControllerFixture cluster) : IClassFixture<ControllerFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_virtual_machine_is_started_stopped_and_goes_with_its_VMI()
    {
        await CreateAsync("starter", "Always");
        var vmi = await cluster.VmiAsync("starter", static _ => true);
        vmi.Metadata.Controller()!.Kind.ShouldBe("VirtualMachine");
        vmi.Metadata.Label("app").ShouldBe("web");
        await VmAsync("starter", vm => vm.Status is { PrintableStatus: "Starting", Created: true });
        await RunAsync(vmi);
        var running = await VmAsync("starter", vm => vm.Status is { PrintableStatus: "Running", Ready: true });
        running.Status!.RunStrategy.ShouldBe("Always");
        running.Metadata.Finalizers.ShouldBe([Finalizers.Vm]);

        await PatchAsync("starter", """{"spec":{"runStrategy":"Halted"}}""");
        await VmAsync("starter", vm => vm.Status?.PrintableStatus == "Stopping");
        await EndPodAsync(vmi);
        var stopped = await VmAsync("starter", vm => vm.Status is { PrintableStatus: "Stopped", Created: false });
        stopped.Status!.Conditions.Find("Ready")!.Reason.ShouldBe("VMINotExists");

        await PatchAsync("starter", """{"spec":{"runStrategy":"Always"}}""");
        var again = await cluster.VmiAsync("starter", one => one.Metadata.Uid != vmi.Metadata.Uid);
        await RunAsync(again);
        await cluster.Api.DeleteAsync(Kinds.VirtualMachine, running.Key(), ct: Stop);
        await VmAsync("starter", vm => vm.Status?.PrintableStatus == "Terminating");
        await EndPodAsync(again);
        await cluster.GoneAsync(Kinds.VirtualMachine, "starter");
        (await cluster.Api.TryGetAsync(Kinds.VirtualMachineInstance, running.Key(), Stop)).ShouldBeNull();
        await EventAsync("starter", "SuccessfulCreate", "Started the virtual machine by creating the new virtual machine instance starter");
        await EventAsync("starter", "SuccessfulDelete", $"Stopped the virtual machine by deleting the virtual machine instance {vmi.Metadata.Uid}");
    }

    [Fact]
    public async Task A_restart_gives_a_new_VMI_and_leaves_no_wish_behind()
    {
        await CreateAsync("again", "Manual");
        await VmAsync("again", vm => vm.Status?.PrintableStatus == "Stopped");
        await PatchAsync("again", """{"status":{"stateChangeRequests":[{"action":"Start"}]}}""", WriteOptions.Status);
        var first = await cluster.VmiAsync("again", static _ => true);
        await RunAsync(first);
        await VmAsync("again", vm => vm.Status is { PrintableStatus: "Running", StateChangeRequests: null });
        await PatchAsync(
            "again",
            $$$"""{"status":{"stateChangeRequests":[{"action":"Stop","uid":"{{{first.Metadata.Uid}}}"},{"action":"Start"}]}}""",
            WriteOptions.Status);
        await EndPodAsync(first);
        var second = await cluster.VmiAsync("again", vmi => vmi.Metadata.Uid != first.Metadata.Uid);
        await RunAsync(second);
        await VmAsync("again", vm => vm.Status is { PrintableStatus: "Running", StateChangeRequests: null });
    }

    [Fact]
    public async Task A_guest_that_ended_comes_back()
    {
        await CreateAsync("evicted", "Always");
        var vmi = await cluster.VmiAsync("evicted", static _ => true);
        await RunAsync(vmi);
        await VmAsync("evicted", vm => vm.Status?.PrintableStatus == "Running");
        var pod = await cluster.PodAsync(vmi, static _ => true);
        await cluster.Api.DeleteAsync(Kinds.Pod, pod.Key(), new DeleteOptions { GracePeriodSeconds = 0 }, Stop);
        var next = await cluster.VmiAsync("evicted", one => one.Metadata.Uid != vmi.Metadata.Uid);
        (await VmAsync("evicted", vm => vm.Status?.PrintableStatus == "Starting")).Status!.StartFailure.ShouldBeNull();
        next.IsDeleting().ShouldBeFalse();
    }

    [Fact]
    public async Task A_guest_that_never_runs_is_left_alone_for_a_while()
    {
        await CreateAsync("crasher", "Always");
        var vmi = await cluster.VmiAsync("crasher", static _ => true);
        var pod = await cluster.PodAsync(vmi, static _ => true);
        await cluster.PatchPodAsync(pod, """{"status":{"phase":"Failed"}}""");
        var vm = await VmAsync("crasher", one => one.Status is { PrintableStatus: "CrashLoopBackOff", Created: false });
        vm.Status!.StartFailure!.ConsecutiveFailCount.ShouldBe(1);
        vm.Status.StartFailure.LastFailedVMIUID.ShouldBe(vmi.Metadata.Uid);
        vm.Status.StartFailure.RetryAfterTimestamp.ShouldNotBeNull();

        // Somebody who does not want to wait takes the record away.
        await PatchAsync("crasher", """{"status":{"startFailure":null}}""", WriteOptions.Status);
        await cluster.VmiAsync("crasher", one => one.Metadata.Uid != vmi.Metadata.Uid);
    }

    [Fact]
    public async Task A_replica_set_makes_replaces_and_removes_VMIs_as_it_is_scaled()
    {
        await cluster.Api.CreateAsync(Kinds.VirtualMachineInstanceReplicaSet, (JsonObject)Yaml.Parse("""
            apiVersion: kubevirt.io/v1
            kind: VirtualMachineInstanceReplicaSet
            metadata: {name: web, namespace: default}
            spec:
              replicas: 2
              selector: {matchLabels: {set: web}}
              template:
                metadata: {labels: {set: web}}
                spec:
                  domain:
                    memory: {guest: 64Mi}
                    devices: {}
            """)!, ct: Stop);
        await SetAsync(set => set.Status is { Replicas: 2, LabelSelector: "set=web" });
        var vmis = await VmisAsync();
        vmis.Count.ShouldBe(2);
        vmis.ShouldAllBe(vmi => vmi.Metadata.Name!.StartsWith("web"));
        var lost = vmis[0];
        await cluster.VmiAsync(lost.Metadata.Name!, vmi => vmi.Metadata.Finalizers is { Count: > 0 });
        await cluster.PatchVmiAsync(lost.Metadata.Name!, """{"status":{"phase":"Failed"}}""");
        await cluster.GoneAsync(Kinds.VirtualMachineInstance, lost.Metadata.Name!);
        await SetAsync(set => set.Status?.Replicas == 2);
        (await VmisAsync()).Select(vmi => vmi.Metadata.Uid).ShouldNotContain(lost.Metadata.Uid);

        await ScaleAsync(1);
        await SetAsync(set => set.Status?.Replicas == 1);
        await ScaleAsync(3);
        await SetAsync(set => set.Status?.Replicas == 3);
    }

    private Task ScaleAsync(int replicas) => cluster.Api.PatchAsync(
        Kinds.VirtualMachineInstanceReplicaSet,
        new NamespacedName("default", "web"),
        PatchKind.Merge,
        new JsonObject { ["spec"] = new JsonObject { ["replicas"] = replicas } },
        new WriteOptions { Subresource = "scale" },
        Stop);

    private async Task<IReadOnlyList<VirtualMachineInstance>> VmisAsync() => (await cluster.Api.ListAsync(
        Kinds.VirtualMachineInstance,
        "default",
        TypesJson.Default.VirtualMachineInstance,
        new ListOptions { LabelSelector = "set=web" },
        Stop)).Items;

    private Task<JsonObject> CreateAsync(string name, string strategy) => cluster.Api.CreateAsync(
        Kinds.VirtualMachine,
        (JsonObject)Yaml.Parse($$"""
            apiVersion: kubevirt.io/v1
            kind: VirtualMachine
            metadata: {name: '{{name}}', namespace: default}
            spec:
              runStrategy: {{strategy}}
              template:
                metadata:
                  labels: {app: web}
                spec:
                  domain:
                    memory: {guest: 64Mi}
                    devices: {}
            """)!,
        ct: Stop);

    private async Task RunAsync(VirtualMachineInstance vmi)
    {
        var name = vmi.Metadata.Name!;
        await cluster.RunPodAsync(await cluster.PodAsync(vmi, static _ => true), "node01");
        await cluster.VmiAsync(name, one => one.Metadata.Uid == vmi.Metadata.Uid && one.Status?.Phase == VmiPhases.Scheduled);
        await cluster.PatchVmiAsync(
            name,
            """{"status":{"phase":"Running","phaseTransitionTimestamps":[{"phase":"Running","phaseTransitionTimestamp":"2026-03-22T10:00:00Z"}]}}""");
    }

    /// <summary>Plays the kubelet: what is being deleted has ended.</summary>
    private async Task EndPodAsync(VirtualMachineInstance vmi)
    {
        var pod = await cluster.PodAsync(vmi, static one => one.IsDeleting());
        await cluster.Api.DeleteAsync(Kinds.Pod, pod.Key(), new DeleteOptions { GracePeriodSeconds = 0 }, Stop);
    }

    private Task PatchAsync(string name, string patch, WriteOptions? options = null) => cluster.Api.PatchAsync(
        Kinds.VirtualMachine, new NamespacedName("default", name), PatchKind.Merge, JsonNode.Parse(patch)!, options, Stop);

    private Task<VirtualMachine> VmAsync(string name, Func<VirtualMachine, bool> wanted) =>
        cluster.UntilAsync(Kinds.VirtualMachine, name, TypesJson.Default.VirtualMachine, wanted);

    private Task<VirtualMachineInstanceReplicaSet> SetAsync(Func<VirtualMachineInstanceReplicaSet, bool> wanted) => cluster.UntilAsync(
        Kinds.VirtualMachineInstanceReplicaSet, "web", TypesJson.Default.VirtualMachineInstanceReplicaSet, wanted);

    private async Task EventAsync(string name, string reason, string message)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        var options = new WatchOptions { FieldSelector = $"involvedObject.name={name}" };
        await foreach (var item in cluster.Api.WatchAsync(Kinds.Event, "default", options, deadline.Token))
        {
            if (item.Object.Text("reason") == reason && item.Object.Text("message") == message)
            {
                return;
            }
        }
    }
}
