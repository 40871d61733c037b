namespace Godwit.Types;

/// <summary>What is filled in when an object is created. Pure: the same object and settings give the same result.</summary>
public static class Defaults
{
    public const string Architecture = "amd64";
    public const string MachineType = "q35";
    public const string CpuModel = "host-model";
    public const string NetworkName = "default";
    public const long RuntimeUser = 107;

    private const long MaxVcpus = 512;

    /// <summary>The VMI as it is stored: spec filled in, finalizer set, a status that only says Pending.</summary>
    public static VirtualMachineInstance ForCreate(
        VirtualMachineInstance vmi, ClusterConfiguration cluster, DateTimeOffset now)
    {
        var spec = Spec(vmi.Spec ?? new VirtualMachineInstanceSpec(), cluster);
        var cpu = spec.Domain!.Cpu!;
        var guest = spec.Domain.Memory?.Guest;
        return vmi with
        {
            Metadata = vmi.Metadata with
            {
                Finalizers = WithItem(vmi.Metadata.Finalizers, Finalizers.Vmi),
                Annotations = WithPair(vmi.Metadata.Annotations, Annotations.PciTopologyVersion, "v3"),
            },
            Spec = spec,
            Status = new VirtualMachineInstanceStatus
            {
                Phase = VmiPhases.Pending,
                PhaseTransitionTimestamps =
                [
                    new PhaseTransition { Phase = VmiPhases.Pending, PhaseTransitionTimestamp = Timestamps.Seconds(now) },
                ],
                RuntimeUser = RuntimeUser,
                CurrentCPUTopology = new CpuTopology { Cores = cpu.Cores, Sockets = cpu.Sockets, Threads = cpu.Threads },
                Memory = guest is null
                    ? null
                    : new MemoryStatus { GuestAtBoot = guest, GuestCurrent = guest, GuestRequested = guest },
            },
        };
    }

    /// <summary>A user's update never touches the status: the old one is put back without a word.</summary>
    public static VirtualMachineInstance ForUpdate(
        VirtualMachineInstance old, VirtualMachineInstance updated, bool byComponent) =>
        byComponent ? updated : updated with { Status = old.Status };

    /// <summary>The migration as it is stored: findable by its VMI and held by a finalizer until it is settled.</summary>
    public static VirtualMachineInstanceMigration ForCreate(VirtualMachineInstanceMigration migration) =>
        migration with
        {
            Metadata = migration.Metadata with
            {
                Finalizers = WithItem(migration.Metadata.Finalizers, Finalizers.Migration),
                Labels = migration.Spec?.VmiName is { Length: > 0 } name
                    ? WithPair(migration.Metadata.Labels, Labels.VmiName, Names.ToLabelValue(name))
                    : migration.Metadata.Labels,
            },
            Status = null,
        };

    /// <summary>Defaults of the spec alone, as they are also needed to show a template in full.</summary>
    public static VirtualMachineInstanceSpec Spec(VirtualMachineInstanceSpec spec, ClusterConfiguration cluster)
    {
        var domain = spec.Domain ?? new DomainSpec();
        var resources = Resources(domain.Resources);
        var cpu = Cpu(domain.Cpu, resources, cluster);
        var memory = Memory(domain.Memory, resources, cluster);
        var (volumes, disks) = DeviceDefaults.Storage(spec.Volumes, domain.Devices);
        var (networks, interfaces) = DeviceDefaults.Networks(spec.Networks, domain.Devices, cluster);
        var devices = domain.Devices ?? new DevicesSpec();
        return spec with
        {
            Architecture = NonEmpty(spec.Architecture) ?? cluster.Architecture,
            EvictionStrategy = spec.EvictionStrategy ?? cluster.EvictionStrategy,
            Volumes = volumes,
            Networks = networks,
            Domain = domain with
            {
                Resources = resources,
                Cpu = cpu,
                Memory = memory,
                Machine = (domain.Machine ?? new MachineSpec()) with
                {
                    Type = NonEmpty(domain.Machine?.Type) ?? cluster.MachineType,
                },
                Firmware = DeviceDefaults.Firmware(domain.Firmware),
                Features = domain.Features ?? new FeaturesSpec(),
                Devices = devices with
                {
                    Disks = disks,
                    Interfaces = interfaces,
                    Inputs = devices.Inputs is null ? null : [.. devices.Inputs.Select(DeviceDefaults.Input)],
                },
            },
        };
    }

    internal static string? NonEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static DomainResources? Resources(DomainResources? resources)
    {
        if (resources?.Limits is null || !resources.Limits.TryGetValue("cpu", out var limit)
            || resources.Requests?.ContainsKey("cpu") == true)
        {
            return resources;
        }

        return resources with { Requests = WithPair(resources.Requests, "cpu", limit) };
    }

    private static CpuSpec Cpu(CpuSpec? cpu, DomainResources? resources, ClusterConfiguration cluster)
    {
        cpu ??= new CpuSpec();
        var given = cpu.Sockets is > 0 || cpu.Cores is > 0 || cpu.Threads is > 0;
        var sockets = given ? Math.Max(cpu.Sockets ?? 1, 1) : SocketsOf(resources);
        var cores = Math.Max(cpu.Cores ?? 1, 1);
        var threads = Math.Max(cpu.Threads ?? 1, 1);
        return cpu with
        {
            Sockets = sockets,
            Cores = cores,
            Threads = threads,
            Model = NonEmpty(cpu.Model) ?? cluster.CpuModel,
            MaxSockets = cpu.MaxSockets ?? (cluster.LiveUpdate ? MaxSockets(sockets, cores * threads, cluster) : null),
        };
    }

    private static long MaxSockets(long sockets, long perSocket, ClusterConfiguration cluster) =>
        Math.Max(sockets, Math.Min(sockets * cluster.MaxHotplugRatio, MaxVcpus / Math.Max(perSocket, 1)));

    private static long SocketsOf(DomainResources? resources)
    {
        var text = resources?.Limits?.GetValueOrDefault("cpu") ?? resources?.Requests?.GetValueOrDefault("cpu");
        return text is not null && Sizes.TryWhole(text, out var count) && count > 0 ? count : 1;
    }

    private static MemorySpec? Memory(MemorySpec? memory, DomainResources? resources, ClusterConfiguration cluster)
    {
        var guest = memory?.Guest
            ?? resources?.Requests?.GetValueOrDefault("memory")
            ?? resources?.Limits?.GetValueOrDefault("memory")
            ?? memory?.Hugepages?.PageSize;
        if (guest is null)
        {
            return memory;
        }

        memory = (memory ?? new MemorySpec()) with { Guest = guest };
        return cluster.LiveUpdate && memory.MaxGuest is null && Sizes.TryWhole(guest, out var bytes) && bytes > 0
            && bytes <= long.MaxValue / cluster.MaxHotplugRatio
            ? memory with { MaxGuest = Sizes.Format(bytes * cluster.MaxHotplugRatio) }
            : memory;
    }

    private static IReadOnlyList<string> WithItem(IReadOnlyList<string>? items, string item) =>
        items is null ? [item] : items.Contains(item) ? items : [.. items, item];

    private static Dictionary<string, string> WithPair(
        IReadOnlyDictionary<string, string>? pairs, string key, string value) =>
        new(pairs ?? new Dictionary<string, string>(), StringComparer.Ordinal) { [key] = value };
}
