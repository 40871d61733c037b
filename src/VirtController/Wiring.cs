using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Which change makes which controller look at what.</summary>
internal static class Wiring
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>();

    public static void Connect(
        Caches caches,
        MigrationQueue queue,
        ControllerRunner vmis,
        ControllerRunner migrations,
        ControllerRunner evacuations,
        ControllerRunner nodes,
        ControllerRunner installation)
    {
        caches.Vmis.OnChange(change =>
        {
            vmis.Enqueue(change.Key);
            evacuations.Enqueue(change.Key);
            EnqueueMigrations(change.Key);
        });
        caches.Pods.OnChange(change =>
        {
            if (Caches.VmiOf(change.Last) is { } vmi)
            {
                vmis.Enqueue(vmi);
                // One that has moved a moment ago may leave again only when nothing is left of that move.
                evacuations.Enqueue(vmi);
                EnqueueMigrations(vmi);
            }
        });
        caches.Migrations.OnChange(change =>
        {
            migrations.Enqueue(change.Key);
            var vmi = new NamespacedName(change.Key.Namespace, change.Last.Spec?.VmiName ?? "");
            if (change.New is { } now && !now.IsFinal())
            {
                queue.Put(caches.CandidateOf(now));
                return;
            }

            // A place has become free, for which the queue wakes somebody, and what waited for this VMI may go on.
            queue.Remove(change.Key);
            vmis.Enqueue(vmi);
            evacuations.Enqueue(vmi);
            foreach (var waiting in caches.MigrationsOf(vmi).Where(IsWaiting))
            {
                migrations.Enqueue(waiting.Key());
            }
        });
        caches.Claims.OnChange(change =>
        {
            foreach (var vmi in caches.VmisWith(change.Key))
            {
                vmis.Enqueue(vmi.Key());
            }
        });
        caches.Nodes.OnChange(change =>
        {
            nodes.Enqueue(change.Key);
            if (!TakesTheSame(change.Old, change.New))
            {
                EnqueueWaiting();
                EnqueueInstallation();
            }

            if (change.New is null || !SameTaints(change.Old, change.New))
            {
                foreach (var vmi in caches.VmisOn(change.Key.Name))
                {
                    evacuations.Enqueue(vmi.Key());
                    EnqueueMigrations(vmi.Key());
                }
            }
        });
        caches.Configuration.OnChange(() =>
        {
            EnqueueInstallation();

            // Another taint key may mean that nodes are being drained already.
            foreach (var vmi in caches.Vmis.List())
            {
                evacuations.Enqueue(vmi.Key());
            }

            EnqueueWaiting();
            queue.WakeAll();
        });

        caches.ApiServices.OnChange(_ => EnqueueInstallation());

        void EnqueueInstallation() => installation.Enqueue(InstallationReconciler.KeyOf(caches.Configuration.KubeVirt));

        void EnqueueMigrations(NamespacedName vmi)
        {
            foreach (var migration in caches.MigrationsOf(vmi))
            {
                if (!migration.IsFinal())
                {
                    queue.Put(caches.CandidateOf(migration));
                }

                migrations.Enqueue(migration.Key());
            }
        }

        void EnqueueWaiting()
        {
            foreach (var waiting in caches.Migrations.List().Where(IsWaiting))
            {
                migrations.Enqueue(waiting.Key());
            }
        }
    }

    private static bool IsWaiting(VirtualMachineInstanceMigration migration) =>
        migration.Status?.Phase is null or MigrationPhases.Unset or MigrationPhases.Pending;

    // Where a VMI could go depends on it; a heartbeat changes none of it.
    private static bool TakesTheSame(Node? one, Node? other) =>
        one is not null && other is not null
        && one.Spec?.Unschedulable == other.Spec?.Unschedulable
        && one.Status?.Conditions.Find(Conditions.Ready)?.Status == other.Status?.Conditions.Find(Conditions.Ready)?.Status
        && SameTaints(one, other)
        && (one.Metadata.Labels ?? NoLabels).OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .SequenceEqual((other.Metadata.Labels ?? NoLabels).OrderBy(pair => pair.Key, StringComparer.Ordinal));

    private static bool SameTaints(Node? one, Node? other) =>
        (one?.Spec?.Taints ?? []).Select(taint => (taint.Key, taint.Effect))
            .SequenceEqual((other?.Spec?.Taints ?? []).Select(taint => (taint.Key, taint.Effect)));
}
