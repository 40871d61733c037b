using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtController;

namespace Godwit.Perf;

/// <summary>Objects that a played cluster begins with, as large as those of a guest that runs.</summary>
internal static class Seed
{
    public const string Running = """
        {"status":{"phase":"Running","qosClass":"Burstable","startTime":"2026-03-22T10:00:00Z",
         "hostIP":"10.98.0.11","hostIPs":[{"ip":"10.98.0.11"}],"podIP":"10.99.1.3","podIPs":[{"ip":"10.99.1.3"}],
         "conditions":[{"type":"PodReadyToStartContainers","status":"True","lastTransitionTime":"2026-03-22T10:00:01Z"},
           {"type":"Initialized","status":"True","lastTransitionTime":"2026-03-22T10:00:00Z"},
           {"type":"Ready","status":"True","lastTransitionTime":"2026-03-22T10:00:01Z"},
           {"type":"ContainersReady","status":"True","lastTransitionTime":"2026-03-22T10:00:01Z"},
           {"type":"PodScheduled","status":"True","lastTransitionTime":"2026-03-22T10:00:00Z"}],
         "containerStatuses":[{"name":"compute","ready":true,"started":true,"restartCount":0,"lastState":{},
           "image":"godwit/virt-launcher:0.1.0","imageID":"docker.io/godwit/virt-launcher@sha256:5f1dcbcd2e6ae3a0f4e5b0ea4d3d6b0e0e7c3a1f9b8d7c6e5f4a3b2c1d0e9f8a",
           "containerID":"containerd://db692cfcfc0e6f9af523554cb70165f54bb1d984793abcb41c6aed8f2a2d1a52",
           "state":{"running":{"startedAt":"2026-03-22T10:00:01Z"}}}]}}
        """;

    private const string Spec = """
        {"evictionStrategy":"LiveMigrate","terminationGracePeriodSeconds":15,
         "domain":{"memory":{"guest":"64Mi"},
           "devices":{"autoattachGraphicsDevice":false,"disks":[{"name":"scratch","disk":{"bus":"virtio"}}],"interfaces":[{"name":"default","masquerade":{}}]}},
         "networks":[{"name":"default","pod":{}}],
         "volumes":[{"name":"scratch","emptyDisk":{"capacity":"64Mi"}}]}
        """;

    /// <summary>What virt-handler has recorded of such a guest.</summary>
    private const string Recorded = """
        {"migrationMethod":"LiveMigration","migrationTransport":"Unix","qosClass":"Burstable","runtimeUser":107,
         "launcherContainerImageVersion":"godwit/virt-launcher:0.1.0","machine":{"type":"pc-q35-10.0"},
         "currentCPUTopology":{"cores":1,"sockets":1,"threads":1},
         "memory":{"guestAtBoot":"64Mi","guestCurrent":"64Mi","guestRequested":"64Mi"},
         "conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-03-22T10:00:01Z"},
           {"type":"LiveMigratable","status":"True"},{"type":"StorageLiveMigratable","status":"True"}],
         "interfaces":[{"name":"default","mac":"02:8c:5b:91:3e:07","ipAddress":"10.99.1.3","ipAddresses":["10.99.1.3"],"podInterfaceName":"eth0","infoSource":"domain","queueCount":1}],
         "volumeStatus":[{"name":"scratch","target":"vda","size":67108864}],
         "phaseTransitionTimestamps":[{"phase":"Pending","phaseTransitionTimestamp":"2026-03-22T10:00:00Z"},
           {"phase":"Scheduling","phaseTransitionTimestamp":"2026-03-22T10:00:00Z"},
           {"phase":"Scheduled","phaseTransitionTimestamp":"2026-03-22T10:00:01Z"},
           {"phase":"Running","phaseTransitionTimestamp":"2026-03-22T10:00:02Z"}],
         "hardware":{"accelerator":"kvm","cpuModel":"Skylake-Server","firmware":"bios","machineType":"pc-q35-10.0","memoryBytes":67108864,
           "uuid":"b78d70f8-1a8a-4f10-a812-66b08cfc572f","vcpus":{"cores":1,"sockets":1,"threads":1},
           "devices":[
             {"id":"port0","kind":"pcie-root-port","bus":"pcie.0","addr":"0x2.0x0","properties":{"chassis":"1","multifunction":"on","port":"0x10"}},
             {"id":"port1","kind":"pcie-root-port","bus":"pcie.0","addr":"0x2.0x1","properties":{"chassis":"2","port":"0x11"}},
             {"id":"port2","kind":"pcie-root-port","bus":"pcie.0","addr":"0x2.0x2","properties":{"chassis":"3","port":"0x12"}},
             {"id":"port3","kind":"pcie-root-port","bus":"pcie.0","addr":"0x2.0x3","properties":{"chassis":"4","port":"0x13"}},
             {"id":"port4","kind":"pcie-root-port","bus":"pcie.0","addr":"0x2.0x4","properties":{"chassis":"5","port":"0x14"}},
             {"id":"port5","kind":"pcie-root-port","bus":"pcie.0","addr":"0x2.0x5","properties":{"chassis":"6","port":"0x15"}},
             {"id":"scratch","kind":"virtio-blk-pci","bus":"port0","addr":"0x0","properties":{"drive":"scratch","write-cache":"on"}},
             {"id":"default","kind":"virtio-net-pci","bus":"port1","addr":"0x0","properties":{"mac":"02:8c:5b:91:3e:07"}},
             {"id":"balloon0","kind":"virtio-balloon-pci","bus":"port2","addr":"0x0","properties":{"deflate-on-oom":"on","free-page-reporting":"on"}},
             {"id":"virtserial0","kind":"virtio-serial-pci","bus":"port3","addr":"0x0"},
             {"id":"agent0","kind":"virtserialport","bus":"virtserial0.0","properties":{"name":"org.qemu.guest_agent.0","nr":"1"}},
             {"id":"serial0","kind":"isa-serial","properties":{"index":"0"}}]}}
        """;

    /// <summary>A VMI that runs on its node, with its pod.</summary>
    public static async Task GuestAsync(ApiClient api, string name, string node, CancellationToken ct)
    {
        var vmi = Defaults.ForCreate(
            new VirtualMachineInstance
            {
                ApiVersion = Kinds.VirtualMachineInstance.ApiVersion,
                Kind = Kinds.VirtualMachineInstance.Kind,
                Metadata = new ObjectMeta { Name = name, Namespace = "default", Labels = new Dictionary<string, string> { ["app"] = "crowd" } },
                Spec = JsonSerializer.Deserialize($$"""{"spec":{{Spec}}}""", TypesJson.Default.VirtualMachineInstance)!.Spec,
            },
            ClusterConfiguration.Default,
            TimeProvider.System.GetUtcNow());
        vmi = await api.CreateAsync(Kinds.VirtualMachineInstance, "default", vmi, TypesJson.Default.VirtualMachineInstance, ct: ct);
        var launcher = LauncherPod.ForStart(vmi, ClusterConfiguration.Default, "godwit/virt-launcher:0.1.0");
        var pod = await api.CreateAsync(
            Kinds.Pod, "default", launcher with { Spec = launcher.Spec! with { NodeName = node } }, TypesJson.Default.Pod, ct: ct);
        var key = new NamespacedName("default", name);
        await api.PatchAsync(Kinds.Pod, new NamespacedName("default", pod.Metadata.Name!), PatchKind.Merge, JsonNode.Parse(Running)!, WriteOptions.Status, ct);
        var status = JsonNode.Parse(Recorded)!.AsObject();
        status["phase"] = VmiPhases.Running;
        status["nodeName"] = node;
        status["ownerPodUID"] = pod.Metadata.Uid;
        status["activePods"] = new JsonObject { [pod.Metadata.Uid!] = node };
        await api.PatchAsync(
            Kinds.VirtualMachineInstance,
            key,
            PatchKind.Merge,
            new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Labels.NodeName] = node } }, ["status"] = status },
            ct: ct);
    }

    public static Task MigrationAsync(ApiClient api, string vmi, CancellationToken ct) => api.CreateAsync(
        Kinds.VirtualMachineInstanceMigration,
        "default",
        Defaults.ForCreate(new VirtualMachineInstanceMigration
        {
            ApiVersion = Kinds.VirtualMachineInstanceMigration.ApiVersion,
            Kind = Kinds.VirtualMachineInstanceMigration.Kind,
            Metadata = new ObjectMeta { Name = $"move-{vmi}", Namespace = "default" },
            Spec = new VirtualMachineInstanceMigrationSpec { VmiName = vmi },
        }),
        TypesJson.Default.VirtualMachineInstanceMigration,
        ct: ct);
}
