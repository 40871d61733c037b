using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Makes a migration for each VMI that its node is to be emptied of.</summary>
internal sealed class EvacuationReconciler(ApiClient api, Caches caches, EventRecorder events)
{
    public async Task<Result> ReconcileAsync(NamespacedName key, CancellationToken ct)
    {
        if (caches.Vmis.Get(key) is not { } vmi)
        {
            return Result.Done;
        }

        var node = vmi.Status?.NodeName is { Length: > 0 } name ? caches.Nodes.Get(NamespacedName.Cluster(name)) : null;
        if (Decide(vmi, node, caches.MigrationsOf(key)) is null)
        {
            return Result.Done;
        }

        // The cache may not show the one that was made a moment ago; a second one would fail, and its failure would count.
        var all = await api.ListAsync(
            Kinds.VirtualMachineInstanceMigration, key.Namespace, TypesJson.Default.VirtualMachineInstanceMigration, ct: ct);
        if (Decide(vmi, node, [.. all.Items.Where(one => one.Spec?.VmiName == key.Name)]) is not { } migration)
        {
            return Result.Done;
        }

        var reference = vmi.Reference(Kinds.VirtualMachineInstance);
        try
        {
            var made = await api.CreateAsync(
                Kinds.VirtualMachineInstanceMigration,
                key.Namespace,
                Defaults.ForCreate(migration),
                TypesJson.Default.VirtualMachineInstanceMigration,
                ct: ct);
            events.Normal(reference, EventReasons.SuccessfulCreate, $"Created Migration {made.Metadata.Name}");
            return Result.Done;
        }
        catch (ApiException e) when (!e.IsUnreachable)
        {
            events.Warning(reference, EventReasons.FailedCreate, $"Error creating a Migration: {e.Message}");
            throw;
        }
    }

    private VirtualMachineInstanceMigration? Decide(
        VirtualMachineInstance vmi, Node? node, IReadOnlyList<VirtualMachineInstanceMigration> migrations) =>
        EvacuationDecisions.Decide(
            vmi, node, migrations, Forwarders.Unfinished(vmi, caches.PodsOf(vmi)), caches.Configuration.Current);
}
