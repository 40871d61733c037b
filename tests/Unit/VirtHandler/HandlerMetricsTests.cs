using Godwit.Machinery;
using Godwit.Types;
using Godwit.VirtHandler.Metrics;
using Shouldly;
using Xunit;

namespace Godwit.Unit.VirtHandler;

public sealed class HandlerMetricsTests
{
    private static readonly MigrationTransfer Transfer = new()
    {
        TotalBytes = 100,
        TransferredBytes = 60,
        RemainingBytes = 40,
        DiskTotalBytes = 1000,
        DiskRemainingBytes = 500,
        RateBytesPerSecond = 8,
        DirtyRateBytesPerSecond = 3,
    };

    private readonly HandlerMetrics _metrics = new(new MetricRegistry(), "node01");

    [Fact]
    public void A_migration_that_leaves_this_node_is_told_while_it_runs()
    {
        var samples = _metrics.Of([Vmi(new MigrationState { SourceNode = "node01", Transfer = Transfer })]).ToList();
        samples.ShouldAllBe(static sample => sample.Labels.SequenceEqual(new[] { "default", "vm", "node01" }));
        samples.ToDictionary(static sample => sample.Family.Name, static sample => sample.Value).ShouldBe(new Dictionary<string, double>
        {
            ["kubevirt_vmi_migration_data_bytes_total"] = 1100,
            ["kubevirt_vmi_migration_data_total_bytes"] = 1100,
            ["kubevirt_vmi_migration_data_processed_bytes"] = 60,
            ["kubevirt_vmi_migration_data_remaining_bytes"] = 540,
            ["kubevirt_vmi_migration_dirty_memory_rate_bytes"] = 3,
            ["kubevirt_vmi_migration_memory_transfer_rate_bytes"] = 8,
        });
    }

    [Fact]
    public void What_is_not_measured_yet_has_no_value() =>
        _metrics.Of([Vmi(new MigrationState { SourceNode = "node01", Transfer = new MigrationTransfer { TransferredBytes = 5 } })])
            .ShouldHaveSingleItem().Family.Name.ShouldBe("kubevirt_vmi_migration_data_processed_bytes");

    [Fact]
    public void Migrations_of_other_nodes_and_those_that_have_ended_are_not_told() => _metrics.Of(
    [
        Vmi(null),
        Vmi(new MigrationState { SourceNode = "node01" }),
        Vmi(new MigrationState { SourceNode = "node02", TargetNode = "node01", Transfer = Transfer }),
        Vmi(new MigrationState { SourceNode = "node01", Transfer = Transfer, Completed = true }),
    ]).ShouldBeEmpty();

    private static VirtualMachineInstance Vmi(MigrationState? state) => new()
    {
        Metadata = new ObjectMeta { Name = "vm", Namespace = "default" },
        Status = new VirtualMachineInstanceStatus { NodeName = "node01", MigrationState = state },
    };
}
