using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtHandler.Metrics;

/// <summary>What is told of the migrations that leave a node: a rule from the objects to the values.</summary>
public sealed class HandlerMetrics
{
    private static readonly string[] Labels = ["namespace", "name", "node"];
    private readonly string _node;
    private readonly (MetricFamily Family, Func<MigrationTransfer, double?> Value)[] _values;

    /// <param name="registry">Where to.</param>
    /// <param name="node">The agent's node.</param>
    public HandlerMetrics(MetricRegistry registry, string node)
    {
        _node = node;
        _values =
        [
            (registry.Total("kubevirt_vmi_migration_data_bytes_total", "Memory and disks that the running migration has to move.", Labels), Total),
            (registry.Gauge("kubevirt_vmi_migration_data_total_bytes", "The same under its former name.", Labels), Total),
            (registry.Gauge("kubevirt_vmi_migration_data_processed_bytes", "What the running migration has sent.", Labels), static t => t.TransferredBytes),
            (registry.Gauge("kubevirt_vmi_migration_data_remaining_bytes", "What the running migration has still to send.", Labels),
                static t => t.RemainingBytes is null && t.DiskRemainingBytes is null ? null : (t.RemainingBytes ?? 0) + (t.DiskRemainingBytes ?? 0)),
            (registry.Gauge("kubevirt_vmi_migration_dirty_memory_rate_bytes", "Memory that the guest rewrites in a second.", Labels), static t => t.DirtyRateBytesPerSecond),
            (registry.Gauge("kubevirt_vmi_migration_memory_transfer_rate_bytes", "What the running migration sends in a second.", Labels), static t => t.RateBytesPerSecond),
        ];
    }

    /// <summary>The values: only of migrations that run and leave this node, so that no two agents tell the same.</summary>
    public IEnumerable<MetricSample> Of(IReadOnlyCollection<VirtualMachineInstance> vmis) =>
        from vmi in vmis
        let state = vmi.Status?.MigrationState
        where state is { Completed: not true, Transfer: not null } && state.SourceNode == _node
        from value in _values
        let number = value.Value(state.Transfer)
        where number is not null
        select value.Family.Sample(number.Value, vmi.Metadata.Namespace, vmi.Metadata.Name, _node);

    private static double? Total(MigrationTransfer transfer) =>
        transfer.TotalBytes is null && transfer.DiskTotalBytes is null ? null : (transfer.TotalBytes ?? 0) + (transfer.DiskTotalBytes ?? 0);
}
