using System.Text.Json;
using Godwit.Types;

namespace Godwit.Unit.Types;

/// <summary>Objects that tests begin with.</summary>
internal static class Given
{
    public static DateTimeOffset Now { get; } = new(2026, 3, 22, 10, 0, 0, TimeSpan.Zero);

    public static ClusterConfiguration Cluster(string configuration = "{}") =>
        ClusterConfiguration.Resolve(KubeVirt(configuration), null);

    public static KubeVirt KubeVirt(string configuration) => JsonSerializer.Deserialize(
        $$$"""{"spec":{"configuration":{{{configuration}}}},"status":{"phase":"Deployed"}}""", TypesJson.Default.KubeVirt)!;

    public static VirtualMachineInstance Vmi(string spec, string name = "vmi-fedora") =>
        JsonSerializer.Deserialize(
            $$$"""{"metadata":{"name":"{{{name}}}","namespace":"default","uid":"vmi-uid"},"spec":{{{spec}}}}""",
            TypesJson.Default.VirtualMachineInstance)!;

    /// <summary>A VMI that can migrate: masquerade, a container disk, cloud-init.</summary>
    public static VirtualMachineInstance GoodVmi() => Vmi("""
        {"domain":{"memory":{"guest":"512Mi"},
          "devices":{"disks":[{"name":"root","disk":{"bus":"virtio"}},{"name":"init","disk":{"bus":"virtio"}}],
            "interfaces":[{"name":"default","masquerade":{}}]}},
         "networks":[{"name":"default","pod":{}}],
         "volumes":[{"name":"root","containerDisk":{"image":"fedora:40"}},
           {"name":"init","cloudInitNoCloud":{"userData":"#cloud-config"}}]}
        """);

    public static VirtualMachineInstance RunningVmi() => Defaulted(GoodVmi()) with
    {
        Status = new VirtualMachineInstanceStatus { Phase = VmiPhases.Running, NodeName = "node01" },
    };

    public static VirtualMachineInstance Defaulted(VirtualMachineInstance vmi, string configuration = "{}") =>
        Defaults.ForCreate(vmi, Cluster(configuration), Now);

    public static VirtualMachineInstanceMigration Migration(string vmi = "vmi-fedora", string? phase = null, string uid = "m1") => new()
    {
        Metadata = new ObjectMeta { Name = "migration-job", Namespace = "default", Uid = uid },
        Spec = new VirtualMachineInstanceMigrationSpec { VmiName = vmi },
        Status = phase is null ? null : new VirtualMachineInstanceMigrationStatus { Phase = phase },
    };
}
