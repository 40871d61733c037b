using System.Text.Json;
using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>What is told of VMIs: a rule from the objects to the values.</summary>
public sealed class VmiMetrics(MetricRegistry registry)
{
    private readonly MetricFamily _info = registry.Gauge(
        "kubevirt_vmi_info",
        "Always 1; the labels describe the VMI.",
        "node", "namespace", "name", "phase", "os", "workload", "flavor",
        "guest_os_kernel_release", "guest_os_machine", "guest_os_arch", "guest_os_name", "guest_os_version_id", "evictable", "vmi_pod");

    private readonly MetricFamily _phases = registry.Gauge(
        "kubevirt_vmi_phase_count", "Number of VMIs in each phase, for each node.", "node", "phase");

    private readonly MetricFamily _stuck = registry.Gauge(
        "kubevirt_vmi_non_evictable", "1 where the VMI is to leave a node that is drained, and cannot.", "node", "namespace", "name");

    private readonly MetricFamily _started = registry.Gauge(
        "kubevirt_vmi_migration_start_time_seconds",
        "When the VMI's last migration began, in seconds since 1970.",
        "node", "namespace", "name", "migration_name");

    private readonly MetricFamily _ended = registry.Gauge(
        "kubevirt_vmi_migration_end_time_seconds",
        "When the VMI's last migration ended, in seconds since 1970.",
        "node", "namespace", "name", "migration_name", "status");

    private readonly MetricFamily _flows = registry.Gauge(
        "godwit_forwarding_flows", "Connections from before its last move that the VMI's former pod still forwards.", "namespace", "name");

    private readonly MetricFamily _bytes = registry.Total(
        "godwit_forwarding_bytes_total", "Bytes that the VMI's former pod has forwarded since its last move, both ways.", "namespace", "name");

    /// <summary>The values.</summary>
    /// <param name="vmis">All VMIs.</param>
    /// <param name="pod">Name of the pod that runs a VMI.</param>
    /// <param name="migration">Name of the migration that a VMI's state speaks of; null when its object is gone.</param>
    public IEnumerable<MetricSample> Of(
        IReadOnlyCollection<VirtualMachineInstance> vmis, Func<VirtualMachineInstance, string?> pod, Func<VirtualMachineInstance, string?> migration)
    {
        foreach (var group in vmis.GroupBy(static vmi => (Node: vmi.Status?.NodeName ?? "", Phase: Phase(vmi))))
        {
            yield return _phases.Sample(group.Count(), group.Key.Node, group.Key.Phase);
        }

        foreach (var vmi in vmis)
        {
            var isStuck = IsStuck(vmi);
            yield return Info(vmi, isStuck, pod(vmi));
            var (node, ns, name) = (vmi.Status?.NodeName, vmi.Metadata.Namespace, vmi.Metadata.Name);
            yield return _stuck.Sample(isStuck ? 1 : 0, node, ns, name);
            if (vmi.Status?.MigrationState is not { } state)
            {
                continue;
            }

            if (state.StartTimestamp is { } start)
            {
                yield return _started.Sample(start.ToUnixTimeSeconds(), node, ns, name, migration(vmi));
            }

            if (state.EndTimestamp is { } end)
            {
                yield return _ended.Sample(end.ToUnixTimeSeconds(), node, ns, name, migration(vmi), Outcome(state));
            }

            if (state.Forwarding is { State: MigrationForwarding.Forwarding or MigrationForwarding.Ended } forwarding)
            {
                // When it has ended, what it calls flows are those that were cut off.
                yield return _flows.Sample(forwarding.State == MigrationForwarding.Forwarding ? forwarding.Flows ?? 0 : 0, ns, name);
                yield return _bytes.Sample(forwarding.Bytes ?? 0, ns, name);
            }
        }
    }

    private MetricSample Info(VirtualMachineInstance vmi, bool isStuck, string? pod) => _info.Sample(
        1,
        vmi.Status?.NodeName,
        vmi.Metadata.Namespace,
        vmi.Metadata.Name,
        Phase(vmi),
        vmi.Metadata.Annotation("vm.kubevirt.io/os"),
        vmi.Metadata.Annotation("vm.kubevirt.io/workload"),
        vmi.Metadata.Annotation("vm.kubevirt.io/flavor"),
        Guest(vmi, "kernelRelease"),
        vmi.Status?.Machine?.Type,
        Guest(vmi, "machine"),
        Guest(vmi, "name"),
        Guest(vmi, "versionId"),
        isStuck ? "false" : "true",
        pod);

    private static string Phase(VirtualMachineInstance vmi) => (vmi.Status?.Phase ?? "").ToLowerInvariant();

    /// <summary>It has to be moved away at a drain, and is not known to be movable.</summary>
    private static bool IsStuck(VirtualMachineInstance vmi) =>
        vmi.Spec?.EvictionStrategy == EvictionStrategies.LiveMigrate && vmi.Status?.Conditions.IsTrue(Conditions.LiveMigratable) != true;

    private static string? Guest(VirtualMachineInstance vmi, string field) =>
        vmi.Status?.GuestOSInfo is { ValueKind: JsonValueKind.Object } info && info.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static string Outcome(MigrationState state) => (state.Completed, state.Failed) switch
    {
        (not true, _) => "",
        (_, true) => "failed",
        _ => "succeeded",
    };
}
