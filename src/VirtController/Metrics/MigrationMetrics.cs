using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What is told of migrations: a rule from the objects to the values.</summary>
public sealed class MigrationMetrics(MetricRegistry registry)
{
    private readonly MetricFamily _unset = registry.Gauge(
        "kubevirt_vmi_migrations_in_unset_phase", "Migrations that virt-controller has not looked at yet.");

    private readonly MetricFamily _pending = registry.Gauge("kubevirt_vmi_migrations_in_pending_phase", "Migrations that wait for their turn.");

    private readonly MetricFamily _scheduling = registry.Gauge(
        "kubevirt_vmi_migrations_in_scheduling_phase", "Migrations whose target pod looks for a node.");

    private readonly MetricFamily _running = registry.Gauge(
        "kubevirt_vmi_migrations_in_running_phase", "Migrations that are being prepared at their target, or run.");

    private readonly MetricFamily _succeeded = registry.Gauge(
        "kubevirt_vmi_migration_succeeded", "1 for each migration that succeeded, as long as its object is there.", "vmi", "vmim", "namespace");

    private readonly MetricFamily _failed = registry.Gauge(
        "kubevirt_vmi_migration_failed", "1 for each migration that failed, as long as its object is there.", "vmi", "vmim", "namespace");

    private readonly MetricFamily _queue = registry.Gauge(
        "godwit_migration_queue_length", "Migrations that have not begun: nobody has looked at them, or they wait for their turn.");

    private readonly MetricFamily _wait = registry.Gauge(
        "godwit_migration_queue_longest_wait_seconds", "How long the oldest of the migrations that have not begun has waited; 0 when there is none.");

    /// <summary>The values.</summary>
    /// <param name="migrations">All migrations.</param>
    /// <param name="now">The time.</param>
    public IEnumerable<MetricSample> Of(IReadOnlyCollection<VirtualMachineInstanceMigration> migrations, DateTimeOffset now)
    {
        var phases = migrations.ToLookup(static migration => migration.Status?.Phase ?? MigrationPhases.Unset, StringComparer.Ordinal);
        var waiting = phases[MigrationPhases.Unset].Concat(phases[MigrationPhases.Pending]).ToList();
        var oldest = waiting.Min(static migration => migration.Metadata.CreationTimestamp);
        string[] running =
        [
            MigrationPhases.Scheduled, MigrationPhases.PreparingTarget, MigrationPhases.TargetReady, MigrationPhases.Running,
            MigrationPhases.WaitingForSync, MigrationPhases.Synchronizing,
        ];
        return
        [
            _unset.Sample(phases[MigrationPhases.Unset].Count()),
            _pending.Sample(phases[MigrationPhases.Pending].Count()),
            _scheduling.Sample(phases[MigrationPhases.Scheduling].Count()),
            _running.Sample(running.Sum(phase => phases[phase].Count())),
            _queue.Sample(waiting.Count),
            _wait.Sample(oldest is { } since ? Math.Max(0, (now - since).TotalSeconds) : 0),
            .. phases[MigrationPhases.Succeeded].Select(migration => Ended(_succeeded, migration)),
            .. phases[MigrationPhases.Failed].Select(migration => Ended(_failed, migration)),
        ];
    }

    private static MetricSample Ended(MetricFamily family, VirtualMachineInstanceMigration migration) =>
        family.Sample(1, migration.Spec?.VmiName, migration.Metadata.Name, migration.Metadata.Namespace);
}
