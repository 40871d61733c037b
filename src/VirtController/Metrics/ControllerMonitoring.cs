using System.Net;
using Godwit.Machinery;
using Godwit.Monitoring;
using Godwit.Types;
using Microsoft.Extensions.Logging;

namespace Godwit.VirtController;

/// <summary>
/// What virt-controller says of itself and of the cluster. Only the one that leads knows VMIs and migrations; each term has caches
/// of its own, and what is told of them ends with it.
/// </summary>
internal sealed class ControllerMonitoring
{
    private readonly MetricRegistry _metrics;
    private readonly TimeProvider _clock;
    private readonly VmiMetrics _vmis;
    private readonly MigrationMetrics _migrations;
    private readonly MigrationTimes _times;
    private volatile Caches? _caches;

    public ControllerMonitoring(MetricRegistry metrics, TimeProvider clock)
    {
        (_metrics, _clock) = (metrics, clock);
        _vmis = new(metrics);
        _migrations = new(metrics);
        _times = new(metrics);
        ProcessMetrics.Register(metrics, VirtControllerOptions.Version);
        var leading = metrics.Gauge("kubevirt_virt_controller_leading_status", "1 for the virt-controller that works.");
        var ready = metrics.Gauge("kubevirt_virt_controller_ready_status", "1 for a virt-controller that works or could take over.");
        metrics.Collect(() => [leading.Sample(_caches is null ? 0 : 1), ready.Sample(Lacking is null ? 1 : 0)]);
    }

    /// <summary>What keeps it from working, or from taking over; null when nothing does.</summary>
    public string? Lacking => _caches is { HasSynced: false } ? "the caches are being filled" : null;

    /// <summary>Tells of these caches until the returned is disposed; to be called before they run.</summary>
    public IDisposable Lead(Caches caches)
    {
        caches.Vmis.OnChange(_times.Take);
        caches.Migrations.OnChange(_times.Take);
        var collection = _metrics.Collect(() => Of(caches));
        _caches = caches;
        return new Term(this, collection);
    }

    /// <summary>Serves it until cancelled.</summary>
    public Task RunAsync(IPEndPoint listen, Action<IPEndPoint>? started, ApiClient api, ILoggerFactory loggers, CancellationToken ct)
    {
        var certificate = new SecretCertificate(
            api, new(Installation.Namespace, MonitoringNames.ControllerSecret), loggers.CreateLogger("Godwit.VirtController"), _clock);
        var server = new MonitoringServer(
            new MonitoringOptions
            {
                Component = "virt-controller",
                Listen = _ => Task.FromResult(listen),
                Started = (endpoint, _) =>
                {
                    started?.Invoke(endpoint);
                    return Task.CompletedTask;
                },
                Certificate = () => certificate.Current,
                Lacking = () => Lacking,
            },
            _metrics,
            loggers,
            _clock);
        return TaskGroup.RunAsync(ct, certificate.RunAsync, server.RunAsync);
    }

    private IEnumerable<MetricSample> Of(Caches caches)
    {
        // Before the first lists are in, numbers would be too small, not absent.
        if (!caches.HasSynced)
        {
            return [];
        }

        return _vmis.Of(caches.Vmis.List(), PodOf, MigrationOf).Concat(_migrations.Of(caches.Migrations.List(), _clock.GetUtcNow()));

        string? PodOf(VirtualMachineInstance vmi) =>
            caches.PodsOf(vmi).FirstOrDefault(pod => pod.Metadata.Uid == vmi.Status?.OwnerPodUID)?.Metadata.Name;

        string? MigrationOf(VirtualMachineInstance vmi) => caches.MigrationsOf(vmi.Key())
            .FirstOrDefault(migration => migration.Metadata.Uid == vmi.Status?.MigrationState?.MigrationUid)?.Metadata.Name;
    }

    private sealed class Term(ControllerMonitoring monitoring, IDisposable collection) : IDisposable
    {
        public void Dispose()
        {
            collection.Dispose();
            monitoring._caches = null;
        }
    }
}
