using System.Globalization;
using System.Text.Json;
using CsCheck;
using Godwit.Types;

namespace Godwit.Unit.VirtController;

/// <summary>
/// Pods, nodes and VMIs in all states that a rule may ask about, with everything in them that API servers, kubelets and agents write,
/// each value of its own: a rule that reads a field decides otherwise without it.
/// </summary>
internal static class WholeObjects
{
    private static readonly Gen<string?> Word = Gen.OneOf<string?>(null, "", "one", "other");

    private static readonly Gen<DateTimeOffset> Time = Gen.Int[-1200, 1200].Select(seconds => Given.Now.AddSeconds(seconds));

    private static readonly Gen<Dictionary<string, JsonElement>?> Unknown = Gen.Int[0, 9].Select(n =>
        (Dictionary<string, JsonElement>?)new() { ["managedFields"] = JsonElement.Parse($$"""[{"manager":"m{{n}}"}]""") });

    private static readonly Gen<ContainerState?> State = Gen.Select(Gen.Int[0, 3], Gen.OneOf(Reasons.ErrImagePull, Reasons.ImagePullBackOff, "Crashed"), Word, Gen.Int[0, 2], Time)
        .Select((kind, reason, message, code, at) => kind switch
        {
            0 => null,
            1 => new ContainerState { Running = new ContainerStateRunning { StartedAt = at } },
            2 => new ContainerState { Waiting = new ContainerStateWaiting { Reason = reason, Message = message } },
            _ => new ContainerState
            {
                Terminated = new ContainerStateTerminated
                {
                    ExitCode = code,
                    Signal = code,
                    Reason = message is null ? null : reason,
                    Message = message,
                    StartedAt = at,
                    FinishedAt = at,
                    ContainerID = $"t{code}",
                },
            },
        });

    private static readonly Gen<IReadOnlyList<ContainerStatus>?> Containers = Gen.Select(Gen.Int[0, 3], State, State, Gen.Bool, Gen.Int[0, 9])
        .Select((count, first, second, ready, n) => count == 0 ? null : (IReadOnlyList<ContainerStatus>?)
        [
            .. new[] { Status(Launcher.Container, first, !ready, n), Status("beside", second, ready, n) }.Take(count - 1),
        ]);

    private static readonly Gen<IReadOnlyList<Condition>?> PodConditions = Gen.Select(Gen.Int[0, 3], Gen.OneOf("True", "False"), Gen.OneOf<string?>(null, Reasons.Unschedulable, "why"), Word, Time)
        .Select((kind, status, reason, message, at) => kind == 0 ? null : (IReadOnlyList<Condition>?)
        [
            new Condition { Type = "Initialized", Status = status, Message = message, LastTransitionTime = at },
            .. kind == 1 ? Array.Empty<Condition>() : [new Condition { Type = kind == 2 ? Conditions.Ready : Conditions.PodScheduled, Status = status, Reason = reason, Message = message, LastTransitionTime = at }],
        ]);

    private static readonly Gen<ObjectMeta> PodMetadata =
        Gen.Select(Gen.Int[0, 99], Time, Gen.OneOf<long?>(null, 5, 600), Gen.OneOf<string?>(null, "m0", "m1"), Gen.Int[0, 3], Unknown)
            .Select((n, created, grace, migration, marks, unknown) => new ObjectMeta
            {
                Name = $"virt-launcher-{n}",
                GenerateName = "virt-launcher-",
                Namespace = "default",
                ResourceVersion = n.ToString(CultureInfo.InvariantCulture),
                Generation = n,
                CreationTimestamp = created,
                DeletionTimestamp = grace is null ? null : created,
                DeletionGracePeriodSeconds = grace,
                Finalizers = [$"f{n}"],
                Labels = new[] { (Labels.CreatedBy, "vmi-uid"), (Labels.MigrationJobUid, migration), (Labels.Forwarder, marks % 2 == 0 ? null : "m0"), ("app", $"a{n}") }
                    .Where(pair => pair.Item2 is not null).ToDictionary(pair => pair.Item1, pair => pair.Item2!),
                Annotations = new[] { (Annotations.MigrationTargetReady, marks > 1 ? "then" : null), (Annotations.EvictionInProgress, marks > 2 ? "true" : null), (Annotations.MemoryOverheadBytes, n > 50 ? $"{n}" : null) }
                    .Where(pair => pair.Item2 is not null).ToDictionary(pair => pair.Item1, pair => pair.Item2!),
                OwnerReferences =
                [
                    new OwnerReference { ApiVersion = "v1", Kind = "ConfigMap", Name = $"c{n}", Uid = $"c{n}" },
                    new OwnerReference { ApiVersion = "kubevirt.io/v1", Kind = n % 5 == 0 ? "Job" : "VirtualMachineInstance", Name = $"vmi-{n}", Uid = "vmi-uid", Controller = n % 7 != 0, BlockOwnerDeletion = true },
                ],
                Extra = unknown,
            });

    private static readonly Gen<PodStatus?> PodStatus =
        Gen.Select(Gen.OneOf(PodPhases.Pending, PodPhases.Running, PodPhases.Running, PodPhases.Succeeded, PodPhases.Failed), Word, Word, PodConditions, Containers, Containers, Gen.Int[0, 20], Time)
            .Select((phase, reason, message, conditions, containers, init, n, time) => n == 0 ? null : new PodStatus
            {
                Phase = phase,
                Reason = reason,
                Message = message,
                Conditions = conditions,
                ContainerStatuses = containers,
                InitContainerStatuses = init,
                QosClass = $"q{n}",
                HostIP = $"10.0.0.{n}",
                PodIP = $"10.1.0.{n}",
                PodIPs = [new PodIP { Ip = $"10.1.0.{n}" }],
                StartTime = time,
            });

    private static readonly Gen<Pod> Pod = Gen.Select(PodMetadata, PodStatus, Gen.OneOf<string?>(null, "", "node01", "node02"), Gen.Int[0, 9])
        .Select((metadata, status, node, n) => new Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = metadata,
            Spec = n == 0 ? null : new PodSpec
            {
                NodeName = node,
                Containers =
                [
                    new Container { Name = "beside", Image = $"b{n}", Args = [$"b{n}"] },
                    .. n == 1 ? Array.Empty<Container>() : [new Container { Name = Launcher.Container, Image = $"l{n}", Args = [$"l{n}"], VolumeMounts = [new VolumeMount { Name = $"v{n}" }] }],
                ],
                Volumes = [new PodVolume { Name = $"v{n}" }],
                NodeSelector = new Dictionary<string, string> { ["s"] = $"{n}" },
                Tolerations = [new Toleration { Key = $"t{n}" }],
                Hostname = $"h{n}",
            },
            Status = status,
        });

    /// <summary>The pods of one VMI, in no order.</summary>
    public static Gen<Pod[]> Pods { get; } = Pod.Array[0, 4].Select(pods => pods
        .Select((pod, i) => pod with { Metadata = pod.Metadata with { Uid = ((string[])["source-uid", "target-uid", "p3", "p4"])[i] } })
        .ToArray());

    public static Gen<Node> Node { get; } =
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 9], Gen.OneOf<string?>(null, "2020-01-01T00:00:00Z", "2026-03-22T09:59:00Z"), Gen.OneOf(null, "True", "False"),
                Gen.OneOf("node.kubernetes.io/out-of-service", Taints.Drain, "other"), Gen.OneOf("NoSchedule", "PreferNoSchedule"), Unknown)
            .Select((n, m, heartbeat, ready, taint, effect, unknown) => new Node
            {
                Metadata = new ObjectMeta
                {
                    Name = $"node0{n % 3}",
                    Uid = $"u{n}",
                    ResourceVersion = $"{m}",
                    CreationTimestamp = Given.Now,
                    Labels = new Dictionary<string, string>
                    {
                        [Labels.Schedulable] = n < 8 ? "true" : "false",
                        [Labels.Arch] = "amd64",
                        ["zone"] = $"{m}",
                        [Labels.MachineTypePrefix + "pc-q35-10.0"] = m < 5 ? "true" : "false",
                        [Labels.CpuModelPrefix + "Westmere"] = m < 8 ? "true" : "false",
                    },
                    Annotations = heartbeat is null ? null : new Dictionary<string, string> { [Annotations.Heartbeat] = heartbeat, ["other"] = $"{n}" },
                    Extra = unknown,
                },
                Spec = n == 1 ? null : new NodeSpec
                {
                    Unschedulable = m == 2 ? true : null,
                    Taints = m < 6 ? null : [new Taint { Key = taint, Value = $"{n}", Effect = effect, TimeAdded = Given.Now }],
                    PodCIDR = $"10.{n}.0.0/24",
                },
                Status = n == 2 ? null : new NodeStatus
                {
                    Allocatable = m == 3 ? null : new Dictionary<string, string> { ["memory"] = $"{n}Gi", [n < 5 ? Launcher.UserfaultfdDevice : "other"] = $"{m}" },
                    Capacity = new Dictionary<string, string> { ["memory"] = $"{n}Gi" },
                    Addresses = [new NodeAddress { Address = $"10.0.0.{n}" }],
                    Conditions = ready is null ? null : [new Condition { Type = "DiskPressure", Status = ready }, new Condition { Type = Conditions.Ready, Status = ready, Reason = $"r{n}", Message = $"m{n}" }],
                    NodeInfo = m == 4 ? null : JsonElement.Parse($$"""{"kubeletVersion":"v1.{{30 + n}}.0","containerRuntimeVersion":"containerd://{{(m < 5 ? "1.7" : "2.1")}}.0"}"""),
                    Extra = new() { ["images"] = JsonElement.Parse($$"""[{"names":["i{{n}}"]}]""") },
                },
            });

    public static Gen<VirtualMachineInstance> Vmi { get; } =
        Gen.Select(Gen.OneOf(VmiPhases.Pending, VmiPhases.Scheduling, VmiPhases.Scheduled, VmiPhases.Running, VmiPhases.Running, VmiPhases.Succeeded, VmiPhases.Failed),
                Gen.OneOf<string?>(null, "source-uid", "target-uid", "nowhere"), Gen.Int[0, 9], Gen.Bool, Gen.OneOf<string?>(null, MigrationForwarding.Prepared, MigrationForwarding.Forwarding), Gen.Int[0, 9], Unknown)
            .Select((phase, owner, kind, completed, forwarding, n, unknown) =>
            {
                var vmi = Given.Migrating(
                    state => state with
                    {
                        Completed = completed ? true : null,
                        Failed = kind == 3 ? true : null,
                        Mode = kind == 4 ? MigrationModes.PostCopy : null,
                        EndTimestamp = completed ? Given.Now.AddMinutes(-n) : null,
                        Forwarding = forwarding is null ? null : new MigrationForwarding { State = forwarding, Flows = n, Since = Given.Now, Until = Given.Now.AddSeconds(n) },
                    },
                    owner: owner ?? "");
                return vmi with
                {
                    Metadata = vmi.Metadata with { DeletionTimestamp = kind == 0 ? Given.Now : null, Extra = unknown },
                    Status = vmi.Status! with
                    {
                        Phase = phase,
                        OwnerPodUID = owner,
                        EvacuationNodeName = kind == 1 ? "node01" : null,
                        MigrationState = kind == 2 ? null : vmi.Status.MigrationState,
                        Hardware = n == 0 ? null : new HardwareRecord
                        {
                            MachineType = n < 6 ? "pc-q35-10.0" : "pc-q35-9.2",
                            CpuModel = n < 8 ? "Westmere" : null,
                            Devices = [new HardwareDevice { Id = $"d{n}" }],
                            Uuid = $"{n}",
                            MemoryBytes = n,
                        },
                    },
                };
            });

    private static ContainerStatus Status(string name, ContainerState? state, bool ready, int n) => new()
    {
        Name = name,
        State = state,
        LastState = state,
        Ready = ready,
        Started = ready,
        RestartCount = n,
        Image = $"i{n}",
        ImageID = $"i{n}",
        ContainerID = $"c{n}",
    };
}
