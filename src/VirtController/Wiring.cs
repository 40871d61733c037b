using Godwit.Machinery;
using Godwit.Types;

namespace Godwit.VirtController;

/// <summary>Which change makes which controller look at what.</summary>
internal static class Wiring
{
    public static void Connect(
        Caches caches,
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
                EnqueueMigrations(vmi);
            }
        });
        caches.Migrations.OnChange(change =>
        {
            migrations.Enqueue(change.Key);
            var vmi = new NamespacedName(change.Key.Namespace, change.Last.Spec?.VmiName ?? "");
            if (change.New is null || change.Last.IsFinal())
            {
                // A place has become free, and what waited for this VMI may go on.
                vmis.Enqueue(vmi);
                evacuations.Enqueue(vmi);
                foreach (var waiting in caches.Migrations.List().Where(IsWaiting))
                {
                    migrations.Enqueue(waiting.Key());
                }
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
            installation.Enqueue(InstallationReconciler.KeyOf(caches.Configuration.KubeVirt));

            // Another taint key may mean that nodes are being drained already.
            foreach (var vmi in caches.Vmis.List())
            {
                evacuations.Enqueue(vmi.Key());
            }

            foreach (var waiting in caches.Migrations.List().Where(IsWaiting))
            {
                migrations.Enqueue(waiting.Key());
            }
        });

        void EnqueueMigrations(NamespacedName vmi)
        {
            foreach (var migration in caches.MigrationsOf(vmi))
            {
                migrations.Enqueue(migration.Key());
            }
        }
    }

    private static bool IsWaiting(VirtualMachineInstanceMigration migration) =>
        migration.Status?.Phase is null or MigrationPhases.Unset or MigrationPhases.Pending;

    private static bool SameTaints(Node? one, Node? other) =>
        (one?.Spec?.Taints ?? []).Select(taint => (taint.Key, taint.Effect))
            .SequenceEqual((other?.Spec?.Taints ?? []).Select(taint => (taint.Key, taint.Effect)));
}
