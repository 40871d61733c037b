namespace Godwit.Types;

/// <summary>What must be known to judge whether a VMI can move.</summary>
public sealed record MigratabilityFacts
{
    public required VirtualMachineInstance Vmi { get; init; }

    public required ClusterConfiguration Cluster { get; init; }

    /// <summary>Access modes of each claim by its name; a claim that cannot be read is not in it.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> ClaimAccessModes { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>The node says which host model it has, so that a target can be compared with it.</summary>
    public bool NodeKnowsHostModel { get; init; } = true;

    /// <summary>Binding plug-ins that say that they can migrate.</summary>
    public IReadOnlyCollection<string> MigratableBindings { get; init; } = [];
}

/// <summary>One reason why a VMI cannot move: KubeVirt's words for it, and what can be done about it.</summary>
public sealed record MigrationObstacle(string Reason, string Message, string Remedy)
{
    public override string ToString() => $"{Message} (remedy: {Remedy})";
}

/// <summary>Whether a VMI can move, everything that hinders it, and how its disks would be treated.</summary>
public sealed record MigratabilityVerdict(IReadOnlyList<MigrationObstacle> Obstacles, string Method)
{
    public bool Migratable => Obstacles.Count == 0;

    /// <summary>The condition as KubeVirt writes it, with its text first and no times; the other reasons follow, each with its remedy.</summary>
    public Condition ToCondition() => Migratable
        ? new Condition { Type = Conditions.LiveMigratable, Status = Conditions.True }
        : new Condition
        {
            Type = Conditions.LiveMigratable,
            Status = Conditions.False,
            Reason = Obstacles[0].Reason,
            Message = string.Join(
                "; ",
                Obstacles.Select((obstacle, index) => index == 0 ? $"{obstacle}" : $"{obstacle.Reason}: {obstacle}")),
        };

    /// <summary>The condition on moving with all disks: every obstacle but those of the disks themselves.</summary>
    public Condition ToStorageCondition(bool reservation)
    {
        var causes = Obstacles
            .Where(obstacle => obstacle.Reason != Reasons.DisksNotLiveMigratable)
            .Select(obstacle => $"{obstacle.Reason}: {obstacle.Message}")
            .Concat(reservation
                ? [$"{Reasons.PersistentReservationNotLiveMigratable}: VMI uses SCSI persistent reservation"]
                : [])
            .ToList();
        return causes.Count == 0
            ? new Condition { Type = Conditions.StorageLiveMigratable, Status = Conditions.True }
            : new Condition
            {
                Type = Conditions.StorageLiveMigratable,
                Status = Conditions.False,
                Reason = Reasons.NotMigratable,
                Message = string.Join(", ", causes),
            };
    }
}

/// <summary>The rules about which VMIs can move. Each rule is looked at, so that the user learns all reasons at once.</summary>
public static class Migratability
{
    private const string Shared = "ReadWriteMany";
    private const string ClaimHint = "live migration requires that all PVCs must be shared (using ReadWriteMany access mode)";

    public static MigratabilityVerdict Judge(MigratabilityFacts facts)
    {
        var vmi = facts.Vmi;
        var domain = vmi.Spec?.Domain;
        var obstacles = new List<MigrationObstacle>();
        Network(facts, obstacles);
        if (domain?.Cpu?.Model == Defaults.CpuModel && !facts.NodeKnowsHostModel)
        {
            obstacles.Add(new MigrationObstacle(
                Reasons.CpuModeNotLiveMigratable,
                $"the node \"{vmi.Status?.NodeName}\" does not allow migration with host-model",
                $"see that virt-handler runs on it and labels it {Labels.HostModelCpuPrefix}…, or set spec.domain.cpu.model to a model that several nodes have"));
        }

        Devices(domain, obstacles);
        var disks = Disks(facts);
        obstacles.AddRange(disks);
        return new MigratabilityVerdict(obstacles, Method(vmi, disks.Count > 0));
    }

    /// <summary>Whether the disk of this volume is of the node only and must be copied when the VMI moves.</summary>
    public static bool NeedsCopy(Volume volume, VirtualMachineInstanceSpec spec)
    {
        if (volume.PersistentVolumeClaim is not null || volume.DataVolume is not null || volume.HostDisk is not null
            || volume.MemoryDump is not null || volume.ContainerPath is not null)
        {
            return false;
        }

        var devices = spec.Domain?.Devices;
        if (devices?.Filesystems?.Any(filesystem => filesystem.Name == volume.Name) == true)
        {
            return false;
        }

        var disks = (devices?.Disks ?? []).Where(disk => disk.Name == volume.Name).ToList();
        return disks.Count == 0 || !disks.TrueForAll(disk => disk.Cdrom is { Readonly: not false });
    }

    private static string Method(VirtualMachineInstance vmi, bool disksFailed)
    {
        var copies = disksFailed
            || vmi.Status?.MigratedVolumes is { Count: > 0 }
            || (vmi.Spec?.Volumes ?? []).Any(volume => NeedsCopy(volume, vmi.Spec!));
        return copies ? MigrationModes.BlockMigration : MigrationModes.LiveMigration;
    }

    private static void Network(MigratabilityFacts facts, List<MigrationObstacle> obstacles)
    {
        var spec = facts.Vmi.Spec;
        var network = spec?.Networks?.FirstOrDefault(candidate => candidate.Pod is not null || candidate.Multus?.Default == true);
        if (network is null || spec?.Domain?.Devices?.Interfaces is not { Count: > 0 } cards)
        {
            return;
        }

        var card = cards.FirstOrDefault(candidate => candidate.Name == network.Name);
        if (card is null)
        {
            obstacles.Add(new MigrationObstacle(
                Reasons.InterfaceNotLiveMigratable,
                $"no primary interface found for network {network.Name}",
                $"add an interface named {network.Name} to spec.domain.devices.interfaces"));
            return;
        }

        var fine = card.Masquerade is not null
            || card.PasstBinding is not null
            || (card.Bridge is not null
                && facts.Vmi.Metadata.Annotation(Annotations.AllowPodBridgeNetworkLiveMigration) is not null)
            || (card.Binding?.Name is { } plugin && facts.MigratableBindings.Contains(plugin));
        if (!fine)
        {
            obstacles.Add(new MigrationObstacle(
                Reasons.InterfaceNotLiveMigratable,
                "cannot migrate VMI which does not use masquerade or a migratable plugin to connect to the pod network",
                card.Bridge is null
                    ? $"give interface {card.Name} the binding masquerade: {{}}"
                    : $"give interface {card.Name} the binding masquerade: {{}}, or set the annotation {Annotations.AllowPodBridgeNetworkLiveMigration} if the guest can do with a new address"));
        }
    }

    private static void Devices(DomainSpec? domain, List<MigrationObstacle> obstacles)
    {
        if (domain?.Devices?.HostDevices is { Count: > 0 } || domain?.Devices?.Gpus is { Count: > 0 })
        {
            obstacles.Add(new MigrationObstacle(
                Reasons.HostDeviceNotLiveMigratable,
                "VMI specifies non-migratable generic PCI host device",
                "remove spec.domain.devices.hostDevices and gpus"));
        }

        if (domain?.LaunchSecurity is { ValueKind: System.Text.Json.JsonValueKind.Object } security)
        {
            obstacles.Add(security.TryGetProperty("tdx", out _)
                ? new MigrationObstacle(Reasons.TdxNotLiveMigratable, "VMI uses TDX", "remove spec.domain.launchSecurity")
                : new MigrationObstacle(Reasons.SevNotLiveMigratable, "VMI uses SEV", "remove spec.domain.launchSecurity"));
        }

        if (domain?.Features?.HypervPassthrough is { Enabled: true })
        {
            obstacles.Add(new MigrationObstacle(
                Reasons.HypervPassthroughNotLiveMigratable,
                "VMI uses hyperv passthrough",
                "name the wanted features under spec.domain.features.hyperv instead of hypervPassthrough"));
        }

        if (domain?.Devices?.Filesystems?.Any(filesystem => filesystem.Virtiofs is not null) == true)
        {
            obstacles.Add(new MigrationObstacle(
                Reasons.VirtIoFsNotLiveMigratable, "VMI uses virtiofs", "remove spec.domain.devices.filesystems or share the files over the network"));
        }
    }

    private static List<MigrationObstacle> Disks(MigratabilityFacts facts)
    {
        var moving = (facts.Vmi.Status?.MigratedVolumes ?? [])
            .Select(volume => volume.TryGetProperty("volumeName", out var name) ? name.GetString() : null)
            .ToHashSet(StringComparer.Ordinal);
        var obstacles = new List<MigrationObstacle>();
        foreach (var volume in (facts.Vmi.Spec?.Volumes ?? []).Where(volume => !moving.Contains(volume.Name)))
        {
            var claim = volume.PersistentVolumeClaim?.ClaimName ?? volume.DataVolume?.Name;
            if (claim is not null && !facts.ClaimAccessModes.ContainsKey(claim))
            {
                obstacles.Add(new MigrationObstacle(
                    Reasons.DisksNotLiveMigratable,
                    $"cannot migrate VMI: Unable to determine if PVC {claim} is shared, {ClaimHint}",
                    $"create PVC {claim} with access mode {Shared}"));
            }
            else if (claim is not null && !facts.ClaimAccessModes[claim].Contains(Shared))
            {
                obstacles.Add(new MigrationObstacle(
                    Reasons.DisksNotLiveMigratable,
                    $"cannot migrate VMI: PVC {claim} is not shared, {ClaimHint}",
                    $"move the data to a PVC with access mode {Shared}"));
            }
            else if (volume.HostDisk is { Shared: not true })
            {
                obstacles.Add(new MigrationObstacle(
                    Reasons.DisksNotLiveMigratable,
                    "cannot migrate VMI with non-shared HostDisk",
                    $"put the file of volume {volume.Name} on storage that all nodes mount at the same path and set hostDisk.shared: true"));
            }
        }

        return obstacles;
    }
}
