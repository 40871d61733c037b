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
        var migration = EvacuationDecisions.Decide(
            vmi,
            node,
            caches.MigrationsOf(key),
            caches.PodsOf(vmi).Count(pod => !pod.IsFinished()),
            caches.Configuration.Current);
        if (migration is null)
        {
            return Result.Done;
        }

        var reference = vmi.Reference(Kinds.VirtualMachineInstance);
        try
        {
            var made = await api.CreateAsync(
                Kinds.VirtualMachineInstanceMigration,
                key.Namespace,
                migration,
                TypesJson.Default.VirtualMachineInstanceMigration,
                ct: ct);
            events.Normal(reference, EventReasons.SuccessfulCreate, $"Created Migration {made.Metadata.Name}");
            return Result.Done;
        }
        catch (ApiException e) when (e.Message.Contains("in-flight migration detected", StringComparison.Ordinal))
        {
            // The cache did not show it yet.
            return Result.After(TimeSpan.FromSeconds(1));
        }
        catch (ApiException e) when (!e.IsUnreachable)
        {
            events.Warning(reference, EventReasons.FailedCreate, $"Error creating a Migration: {e.Message}");
            throw;
        }
    }
}
