using System.Text.Json.Nodes;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Perf;

/// <summary>Objects that a played cluster begins with.</summary>
internal static class Seed
{
    public const string Running = """
        {"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],
         "containerStatuses":[{"name":"compute","ready":true,"image":"x","imageID":"x","restartCount":0,"state":{"running":{}}}]}}
        """;

    /// <summary>A VMI that runs on its node, with its pod.</summary>
    public static async Task GuestAsync(ApiClient api, string name, string node, CancellationToken ct)
    {
        var vmi = Defaults.ForCreate(
            new VirtualMachineInstance
            {
                ApiVersion = Kinds.VirtualMachineInstance.ApiVersion,
                Kind = Kinds.VirtualMachineInstance.Kind,
                Metadata = new ObjectMeta { Name = name, Namespace = "default" },
                Spec = new VirtualMachineInstanceSpec { Domain = new DomainSpec { Memory = new MemorySpec { Guest = "64Mi" } } },
            },
            ClusterConfiguration.Default,
            TimeProvider.System.GetUtcNow());
        vmi = await api.CreateAsync(Kinds.VirtualMachineInstance, "default", vmi, TypesJson.Default.VirtualMachineInstance, ct: ct);
        var pod = await api.CreateAsync(
            Kinds.Pod,
            (JsonObject)JsonNode.Parse($$$"""
                {"apiVersion":"v1","kind":"Pod",
                 "metadata":{"name":"virt-launcher-{{{name}}}-first","namespace":"default",
                   "labels":{"kubevirt.io":"virt-launcher","kubevirt.io/created-by":"{{{vmi.Metadata.Uid}}}"},
                   "ownerReferences":[{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance","name":"{{{name}}}","uid":"{{{vmi.Metadata.Uid}}}","controller":true,"blockOwnerDeletion":true}]},
                 "spec":{"nodeName":"{{{node}}}","containers":[{"name":"compute","image":"x"}]}}
                """)!,
            ct: ct);
        var key = new NamespacedName("default", name);
        await api.PatchAsync(Kinds.Pod, new NamespacedName("default", $"virt-launcher-{name}-first"), PatchKind.Merge, JsonNode.Parse(Running)!, WriteOptions.Status, ct);
        await api.PatchAsync(
            Kinds.VirtualMachineInstance,
            key,
            PatchKind.Merge,
            JsonNode.Parse($$$"""
                {"metadata":{"labels":{"kubevirt.io/nodeName":"{{{node}}}"}},
                 "status":{"phase":"Running","nodeName":"{{{node}}}","ownerPodUID":"{{{pod.Text("metadata", "uid")}}}",
                   "conditions":[{"type":"LiveMigratable","status":"True"}]}}
                """)!,
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
