using Godwit.Types;

namespace Godwit.Crds;

/// <summary>What a serialization contract cannot say.</summary>
internal static class Overrides
{
    /// <summary>Types of Kubernetes itself that are handed on as they are, not judged here.</summary>
    public static IReadOnlySet<Type> Opaque { get; } = new HashSet<Type> { typeof(Affinity) };

    public static IReadOnlyDictionary<Type, string[]> Required { get; } = new Dictionary<Type, string[]>
    {
        [typeof(VirtualMachineInstance)] = ["spec"],
        [typeof(VirtualMachineInstanceMigration)] = ["spec"],
        [typeof(MigrationPolicy)] = ["spec"],
        [typeof(VirtualMachine)] = ["spec"],
        [typeof(VirtualMachineSpec)] = ["template"],
        [typeof(VirtualMachineInstanceReplicaSet)] = ["spec"],
        [typeof(VirtualMachineInstanceReplicaSetSpec)] = ["selector", "template"],
        [typeof(Disk)] = ["name"],
        [typeof(Interface)] = ["name"],
        [typeof(Network)] = ["name"],
        [typeof(Volume)] = ["name"],
        [typeof(CpuFeature)] = ["name"],
    };

    public static IReadOnlyDictionary<(Type Owner, string Property), string> Values { get; } =
        new Dictionary<(Type Owner, string Property), string>
        {
            [(typeof(VirtualMachineStatus), "printableStatus")] = PrintableStatuses.Stopped,
        };

    public static IReadOnlyDictionary<(Type Owner, string Property), (long Min, long? Max)> Ranges { get; } =
        new Dictionary<(Type Owner, string Property), (long Min, long? Max)>
        {
            [(typeof(CpuSpec), "cores")] = (0, uint.MaxValue),
            [(typeof(CpuSpec), "sockets")] = (0, uint.MaxValue),
            [(typeof(CpuSpec), "threads")] = (0, uint.MaxValue),
            [(typeof(CpuSpec), "maxSockets")] = (0, uint.MaxValue),
            [(typeof(MigrationConfiguration), "parallelMigrationsPerCluster")] = (0, uint.MaxValue),
            [(typeof(MigrationConfiguration), "parallelOutboundMigrationsPerNode")] = (0, uint.MaxValue),
            [(typeof(VirtualMachineInstanceReplicaSetSpec), "replicas")] = (0, int.MaxValue),
            [(typeof(MigrationConfiguration), "parallelInboundMigrationsPerNode")] = (0, uint.MaxValue),
            [(typeof(MigrationTransfer), "percent")] = (0, 100),
        };
}
