using Godwit.Machinery;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtController;

/// <summary>
/// virt-controller: everything that is decided for the cluster as a whole. Of several processes one leads and works; the
/// others wait.
/// </summary>
public static class VirtControllers
{
    private const string Component = "virtualmachine-controller";
    private static readonly TimeSpan ConflictRetry = TimeSpan.FromMilliseconds(50);

    /// <summary>Works until cancelled; throws when a part cannot go on.</summary>
    public static Task RunAsync(
        VirtControllerOptions options, ApiClient api, ILoggerFactory loggers, TimeProvider clock, CancellationToken ct)
    {
        var election = new LeaderElection(
            api,
            new LeaderElectionOptions(new NamespacedName(Installation.Namespace, "virt-controller"), options.Identity),
            loggers.CreateLogger("Godwit.VirtController.Leader"),
            clock);
        var monitoring = api.Metrics is { } metrics ? new ControllerMonitoring(metrics, clock) : null;
        return TaskGroup.RunAsync(
            ct,
            token => election.RunAsync(term => WorkAsync(options, api, loggers, clock, term, monitoring), token),
            token => monitoring is not null && options.MetricsListen is { } listen
                ? monitoring.RunAsync(listen, options.MetricsStarted, api, loggers, token)
                : Task.CompletedTask);
    }

    /// <summary>The work of the one that leads, until cancelled.</summary>
    internal static async Task WorkAsync(
        VirtControllerOptions options, ApiClient api, ILoggerFactory loggers, TimeProvider clock, CancellationToken ct, ControllerMonitoring? monitoring = null)
    {
        // Caches and queues live for one term: what was known in an earlier one may have been decided over since.
        var logger = loggers.CreateLogger("Godwit.VirtController");
        var caches = new Caches(api, logger, clock);
        var events = new EventRecorder(api, Component, logger, clock);
        var images = new ImageVolumeProbe(api, caches, options.LauncherImage, logger);
        var wall = new WallClock(clock);
        var vmis = Runner("vmi", new VmiReconciler(api, caches, images, events, options, wall).ReconcileAsync);
        ControllerRunner? migrations = null;
        var queue = new MigrationQueue(() => caches.Configuration.Current.Migrations, key => migrations!.Enqueue(key));
        migrations = Runner("migration", new MigrationReconciler(api, caches, queue, images, events, options, wall, clock).ReconcileAsync);
        var evacuations = Runner("evacuation", new EvacuationReconciler(api, caches, events).ReconcileAsync);
        var heartbeats = new Heartbeats(clock);
        var nodes = Runner("node", new NodeReconciler(api, caches, heartbeats, events, clock).ReconcileAsync);
        var vms = Runner("vm", new VirtualMachineReconciler(api, caches, events, clock).ReconcileAsync);
        var replicaSets = Runner("replicaset", new ReplicaSetReconciler(api, caches, events, clock).ReconcileAsync);
        var installation = Runner("installation", new InstallationReconciler(api, caches, heartbeats, events, clock).ReconcileAsync);
        Wiring.Connect(caches, queue, vmis, migrations, evacuations, nodes, installation);
        VirtualMachineWiring.Connect(caches, vms, replicaSets);
        using var told = monitoring?.Lead(caches);
        var sweeper = new CredentialSweeper(api, caches, clock);
        var filling = new CacheFilling(caches.Synced, () => caches.Count);
        await TaskGroup.RunAsync(
            ct,
            [
                .. caches.Loops,
                filling.RunAsync,
                events.RunAsync,
                sweeper.RunAsync,
                .. new[] { vmis, migrations, evacuations, nodes, installation, vms, replicaSets }
                    .Select<ControllerRunner, Func<CancellationToken, Task>>(runner => token => runner.RunAsync(token, filling.WaitAsync)),
            ]);

        ControllerRunner Runner(string name, Func<NamespacedName, CancellationToken, Task<Result>> reconcile) => new(
            name,
            (key, token) => RetryConflictsAsync(reconcile, key, token),
            loggers.CreateLogger($"Godwit.VirtController.{name}"),
            clock,
            new ControllerOptions { Workers = options.Workers, Metrics = api.Metrics });
    }

    /// <summary>
    /// An object that changed since it was read is no failure: the cache will show the change in a moment, and the decision
    /// is made anew.
    /// </summary>
    private static async Task<Result> RetryConflictsAsync(
        Func<NamespacedName, CancellationToken, Task<Result>> reconcile, NamespacedName key, CancellationToken ct)
    {
        try
        {
            return await reconcile(key, ct);
        }
        catch (ApiException e) when (e.IsConflict)
        {
            return Result.After(ConflictRetry);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // Deleted in between.
            return Result.After(TimeSpan.FromMilliseconds(500));
        }
    }
}
