using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>The launcher pod of a VMI: the one that it starts in, or the one that it moves to. Pure.</summary>
public static class LauncherPod
{
    private static readonly string[] NotCopiedLabels = [Labels.NodeName, Labels.MigrationTargetNodeName, Labels.Forwarder];

    private static readonly string[] NotCopiedAnnotations =
        [Annotations.LatestObservedApiVersion, Annotations.StorageObservedApiVersion, Annotations.NetworkStatus];

    /// <summary>The pod in which the VMI starts.</summary>
    public static Pod ForStart(
        VirtualMachineInstance vmi, ClusterConfiguration cluster, string launcherImage, LauncherStorage? storage = null)
    {
        storage ??= LauncherStorage.Default;
        var spec = vmi.Spec ?? new VirtualMachineInstanceSpec();
        var compute = Compute(vmi, spec, cluster, launcherImage, storage);
        return new Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = Metadata(vmi, cluster, vmi.Metadata.Uid ?? ""),
            Spec = new PodSpec
            {
                RestartPolicy = "Never",
                TerminationGracePeriodSeconds = TerminationSeconds(spec),
                AutomountServiceAccountToken = false,
                EnableServiceLinks = false,
                ServiceAccountName = spec.ServiceAccountName,
                Hostname = spec.Hostname is { Length: > 0 } hostname ? hostname : Names.ToHostname(vmi.Metadata.Name ?? ""),
                Subdomain = spec.Subdomain,
                DnsPolicy = spec.DnsPolicy,
                DnsConfig = spec.DnsConfig,
                NodeSelector = TargetSelector.ForStart(spec),
                Affinity = spec.Affinity,
                Tolerations = spec.Tolerations,
                TopologySpreadConstraints = spec.TopologySpreadConstraints is null
                    ? null
                    : System.Text.Json.JsonSerializer.SerializeToElement(
                        spec.TopologySpreadConstraints, TypesJson.Default.IReadOnlyListJsonElement),
                SchedulerName = spec.SchedulerName,
                PriorityClassName = spec.PriorityClassName,
                ImagePullSecrets = PullSecrets(spec),
                SecurityContext = LauncherSecurity.OfPod(),
                ReadinessGates = UnpausedGate.Gates,
                InitContainers = storage.ContainerDisks == ContainerDiskMethod.Sidecar
                    && ContainerDiskSidecars.For(spec, cluster.ImagePullPolicy, launcherImage, compute.Resources!) is { Count: > 0 } sidecars
                    ? sidecars
                    : null,
                Containers = [compute],
                Volumes = LauncherVolumes.Volumes(spec, storage),
            },
        };
    }

    /// <summary>
    /// The pod that the VMI moves to: as at the start, but on another node, and on one that can carry on this very guest.
    /// </summary>
    public static Pod ForMigration(
        VirtualMachineInstance vmi,
        VirtualMachineInstanceMigration migration,
        ClusterConfiguration cluster,
        string launcherImage,
        Node? sourceNode,
        IReadOnlySet<string>? fullNodes = null,
        bool userfaultfd = false,
        LauncherStorage? storage = null)
    {
        var pod = ForStart(vmi, cluster, launcherImage, storage);
        var metadata = Metadata(vmi, cluster, migration.Metadata.Uid ?? "");
        return pod with
        {
            Metadata = metadata with
            {
                Labels = metadata.Labels.With(Labels.MigrationJobUid, migration.Metadata.Uid ?? ""),
                Annotations = metadata.Annotations.With(Annotations.MigrationJobName, migration.Metadata.Name ?? ""),
            },
            Spec = pod.Spec! with
            {
                NodeSelector = TargetSelector.ForMigration(vmi, migration.Spec?.AddedNodeSelector, sourceNode),
                Affinity = AwayFrom(pod.Spec.Affinity, Excluded(vmi, fullNodes)),
                Containers = userfaultfd ? [.. pod.Spec.Containers!.Select(WithUserfaultfd)] : pod.Spec.Containers,
            },
        };
    }

    /// <summary>Post-copy's target fetches missing pages by this device; only nodes that offer it are fit then.</summary>
    private static Container WithUserfaultfd(Container container) => container.Name != Launcher.Container
        ? container
        : container with
        {
            Resources = (container.Resources ?? new ResourceRequirements()) with
            {
                Limits = new Dictionary<string, string>(container.Resources?.Limits ?? new Dictionary<string, string>(), StringComparer.Ordinal)
                {
                    [Launcher.UserfaultfdDevice] = "1",
                },
            },
        };

    /// <summary>How long a launcher gets to end: its guest's time, and some for what comes after.</summary>
    public static long TerminationSeconds(VirtualMachineInstanceSpec spec) => Grace(spec) + Launcher.GraceMarginSeconds;

    private static long Grace(VirtualMachineInstanceSpec spec) =>
        spec.TerminationGracePeriodSeconds ?? Launcher.DefaultGraceSeconds;

    private static ObjectMeta Metadata(VirtualMachineInstance vmi, ClusterConfiguration cluster, string uid)
    {
        var name = vmi.Metadata.Name ?? "";
        var prefix = $"{Launcher.PodNamePrefix}{name}-";
        var labels = Copy(vmi.Metadata.Labels, key => !NotCopiedLabels.Contains(key));
        labels[Labels.App] = Labels.AppVirtLauncher;
        labels[Labels.CreatedBy] = vmi.Metadata.Uid ?? "";
        labels[Labels.VmName] = Names.ToHostname(name);
        labels[Labels.VmiId] = Names.ToLabelValue(name);
        var annotations = Copy(
            vmi.Metadata.Annotations,
            key => !key.StartsWith(Annotations.KubectlPrefix, StringComparison.Ordinal) && !NotCopiedAnnotations.Contains(key));
        annotations[Annotations.Domain] = name;
        annotations[Annotations.MigrationTransportUnix] = "true";
        annotations[Annotations.DefaultContainer] = Launcher.Container;
        annotations[Annotations.RequestEvictOnly] = "";
        annotations[Annotations.MemoryOverheadBytes] = $"{LauncherResources.OverheadBytes(vmi.Spec, cluster)}";
        if (cluster.Migrations.Network is { Length: > 0 } text && MigrationNetworkName.Read(text) is { } network)
        {
            annotations[Annotations.Networks] = MigrationNetwork.AddTo(annotations.GetValueOrDefault(Annotations.Networks), network);
        }

        return new ObjectMeta
        {
            Name = PodCreation.NameFor(prefix, uid),
            GenerateName = prefix,
            Namespace = vmi.Metadata.Namespace,
            Labels = labels,
            Annotations = annotations,
            OwnerReferences =
            [
                new OwnerReference
                {
                    ApiVersion = Kinds.VirtualMachineInstance.ApiVersion,
                    Kind = Kinds.VirtualMachineInstance.Kind,
                    Name = name,
                    Uid = vmi.Metadata.Uid,
                    Controller = true,
                    BlockOwnerDeletion = true,
                },
            ],
        };
    }

    private static Dictionary<string, string> Copy(IReadOnlyDictionary<string, string>? pairs, Func<string, bool> wanted) =>
        (pairs ?? new Dictionary<string, string>())
        .Where(pair => wanted(pair.Key))
        .ToDictionary(StringComparer.Ordinal);

    private static Container Compute(
        VirtualMachineInstance vmi, VirtualMachineInstanceSpec spec, ClusterConfiguration cluster, string image, LauncherStorage storage) => new()
        {
            Name = Launcher.Container,
            Image = image,
            ImagePullPolicy = cluster.ImagePullPolicy,
            Args =
            [
                "--name", vmi.Metadata.Name ?? "",
                "--namespace", vmi.Metadata.Namespace ?? "",
                "--uid", vmi.Metadata.Uid ?? "",
                "--grace", $"{Grace(spec)}",
            ],
            Resources = LauncherResources.Of(spec, cluster),
            VolumeMounts = LauncherVolumes.Mounts(spec, storage),
            VolumeDevices = LauncherVolumes.Devices(spec, storage),
            SecurityContext = LauncherSecurity.OfContainer(),
        };

    private static List<LocalObjectReference>? PullSecrets(VirtualMachineInstanceSpec spec)
    {
        var names = (spec.Volumes ?? [])
            .Select(volume => volume.ContainerDisk?.ImagePullSecret)
            .Append(spec.Domain?.Firmware?.KernelBoot?.Container?.ImagePullSecret)
            .Where(name => !string.IsNullOrEmpty(name))
            .Distinct(StringComparer.Ordinal)
            .Select(name => new LocalObjectReference { Name = name })
            .ToList();
        return names.Count == 0 ? null : names;
    }

    /// <summary>The node that the VMI is on, and those that are full.</summary>
    private static HashSet<string> Excluded(VirtualMachineInstance vmi, IReadOnlySet<string>? full)
    {
        var excluded = new HashSet<string>(full ?? new HashSet<string>(), StringComparer.Ordinal);
        if (vmi.Status?.NodeName is { Length: > 0 } source)
        {
            excluded.Add(source);
        }

        return excluded;
    }

    /// <summary>
    /// Every alternative of the VMI's own node affinity, or the only one there is, excludes the nodes by their names. Keeping away from
    /// the VMI's pods instead would keep it away from those that carry old connections, and it may go back to where one is.
    /// </summary>
    private static Affinity? AwayFrom(Affinity? affinity, HashSet<string> excluded)
    {
        if (excluded.Count == 0)
        {
            return affinity;
        }

        affinity ??= new Affinity();
        var others = excluded.Order(StringComparer.Ordinal).Select(node => new NodeSelectorRequirement
        {
            Key = "metadata.name",
            Operator = "NotIn",
            Values = [node],
        }).ToList();
        var own = affinity.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms;
        IReadOnlyList<NodeSelectorTerm> terms = own is { Count: > 0 } ? own : [new NodeSelectorTerm()];
        return affinity with
        {
            NodeAffinity = (affinity.NodeAffinity ?? new NodeAffinity()) with
            {
                RequiredDuringSchedulingIgnoredDuringExecution = new NodeSelector
                {
                    NodeSelectorTerms = [.. terms.Select(term => term with { MatchFields = [.. term.MatchFields ?? [], .. others] })],
                },
            },
        };
    }
}
