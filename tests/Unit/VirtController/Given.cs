using System.Text.Json;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.Unit.VirtController;

/// <summary>Objects that tests of virt-controller begin with.</summary>
internal static class Given
{
    public const string Image = "godwit/virt-launcher:0.1.0";

    public static DateTimeOffset Now { get; } = new(2026, 3, 22, 10, 0, 0, TimeSpan.Zero);

    /// <summary>A second after <see cref="Now"/>, by a clock that has been stepped by a year since.</summary>
    public static WallTime Stepped { get; } = new(
        Now.AddYears(1).AddSeconds(1), [new(Now.AddMinutes(-1), TimeSpan.Zero), new(Now.AddYears(1), TimeSpan.FromMinutes(1))]);

    public static ClusterConfiguration Cluster { get; } = ClusterConfiguration.Default;

    public static VirtualMachineInstance Vmi(string? phase = VmiPhases.Pending, string? nodeName = null, string? owner = null) =>
        Defaults.ForCreate(
            JsonSerializer.Deserialize(
                """
                {"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance",
                 "metadata":{"name":"vmi-fedora","namespace":"default","uid":"vmi-uid","resourceVersion":"7",
                   "creationTimestamp":"2026-03-22T09:00:00Z","labels":{"app":"x","kubevirt.io/nodeName":"node01"},
                   "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","mine":"y"}},
                 "spec":{"evictionStrategy":"LiveMigrate","terminationGracePeriodSeconds":15,"nodeSelector":{"disk":"fast"},
                   "domain":{"memory":{"guest":"512Mi"},
                     "firmware":{"kernelBoot":{"container":{"image":"boot:1","kernelPath":"/k"}}},
                     "devices":{"autoattachGraphicsDevice":false,
                       "interfaces":[{"name":"default","masquerade":{}}]}},
                   "networks":[{"name":"default","pod":{}}],
                   "volumes":[{"name":"root","containerDisk":{"image":"fedora:40","imagePullSecret":"s"}},
                     {"name":"data","persistentVolumeClaim":{"claimName":"shared"}},
                     {"name":"host","hostDisk":{"path":"/data/d.img","type":"DiskOrCreate","capacity":"1Gi"}},
                     {"name":"tmp","emptyDisk":{"capacity":"1Gi"}}]}}
                """,
                TypesJson.Default.VirtualMachineInstance)!,
            Cluster,
            Now) is var vmi
            ? vmi with
            {
                Status = vmi.Status! with
                {
                    Phase = phase,
                    NodeName = nodeName,
                    OwnerPodUID = owner,
                    Conditions = phase == VmiPhases.Running
                        ? [new Condition { Type = Conditions.LiveMigratable, Status = Conditions.True }]
                        : null,
                },
            }
            : throw new InvalidOperationException();

    public static VirtualMachineInstance RunningVmi() => Vmi(VmiPhases.Running, "node01", "source-uid");

    public static Pod Pod(string uid, string? node = "node01", string phase = PodPhases.Running, string? migration = null) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = $"virt-launcher-{uid}",
            Namespace = "default",
            Uid = uid,
            CreationTimestamp = Now,
            Labels = migration is null
                ? new Dictionary<string, string> { [Labels.CreatedBy] = "vmi-uid" }
                : new Dictionary<string, string> { [Labels.CreatedBy] = "vmi-uid", [Labels.MigrationJobUid] = migration },
        },
        Spec = new PodSpec { NodeName = node, Containers = [new Container { Name = "compute", Image = Image }] },
        Status = new PodStatus
        {
            Phase = phase,
            QosClass = "Burstable",
            Conditions = [new Condition { Type = "Ready", Status = phase == PodPhases.Running ? "True" : "False" }],
            ContainerStatuses =
            [
                new ContainerStatus
                {
                    Name = "compute",
                    Ready = phase == PodPhases.Running,
                    State = phase == PodPhases.Running
                        ? new ContainerState { Running = new ContainerStateRunning() }
                        : new ContainerState(),
                },
            ],
        },
    };

    public static Pod TargetPod(string phase = PodPhases.Running) => Pod("target-uid", "node02", phase, "m1");

    /// <summary>A pod whose guest has moved and that carries its old connections.</summary>
    public static Pod Forwarder(string uid, string node = "node01", string? migration = null, long grace = 630)
    {
        var pod = Pod(uid, node, migration: migration);
        return pod with
        {
            Metadata = pod.Metadata with
            {
                Labels = new Dictionary<string, string>(pod.Metadata.Labels!) { [Labels.Forwarder] = "m0" },
                DeletionTimestamp = Now.AddSeconds(grace),
                DeletionGracePeriodSeconds = grace,
            },
        };
    }

    public static Pod Waiting(this Pod pod, string reason, string message) => pod with
    {
        Status = pod.Status! with
        {
            Phase = PodPhases.Pending,
            ContainerStatuses =
            [
                new ContainerStatus
                {
                    Name = "compute",
                    State = new ContainerState { Waiting = new ContainerStateWaiting { Reason = reason, Message = message } },
                },
            ],
        },
    };

    public static VirtualMachineInstanceMigration Migration(
        string phase = MigrationPhases.Unset, string uid = "m1", bool deleting = false) => new()
        {
            Metadata = new ObjectMeta
            {
                Name = $"migration-{uid}",
                Namespace = "default",
                Uid = uid,
                ResourceVersion = "9",
                CreationTimestamp = Now,
                DeletionTimestamp = deleting ? Now : null,
                Finalizers = [Finalizers.Migration],
            },
            Spec = new VirtualMachineInstanceMigrationSpec { VmiName = "vmi-fedora" },
            Status = phase == MigrationPhases.Unset
                ? null
                : new VirtualMachineInstanceMigrationStatus
                {
                    Phase = phase,
                    PhaseTransitionTimestamps = [new PhaseTransition { Phase = phase, PhaseTransitionTimestamp = Now }],
                },
        };

    /// <summary>The VMI with a migration that was handed to the agents.</summary>
    public static VirtualMachineInstance Migrating(Func<MigrationState, MigrationState>? change = null, string owner = "source-uid")
    {
        var state = new MigrationState
        {
            MigrationUid = "m1",
            SourceNode = "node01",
            SourcePodUID = "source-uid",
            TargetNode = "node02",
            TargetPodUID = "target-uid",
        };
        var vmi = RunningVmi();
        return vmi with
        {
            Metadata = vmi.Metadata with { Labels = new Dictionary<string, string> { [Labels.MigrationTargetNodeName] = "node02" } },
            Status = vmi.Status! with { OwnerPodUID = owner, MigrationState = change is null ? state : change(state) },
        };
    }
}
